//! Templates, queues and buckets in one line each.

use ci_core::{
    CloseBucket, CreateTemplate, DeleteTemplate, ListBuckets, ListQueues, ListTemplates,
    OpenBucket, UpdateQueue, UpdateTemplate,
};
use ci_model::{
    CloseBucketResponse, DeleteTemplateResponse, ListBucketsResponse, ListQueuesResponse,
    ListTemplatesResponse, OpenBucketResponse, QueueId, TemplateId, TemplateRequest,
    TemplateResponse, UpdateQueueRequest, UpdateQueueResponse,
};

use super::{Client, Reply};
use crate::error::CallError;

/// Declares methods that only send.
macro_rules! calls {
    ($($(#[$meta:meta])* $name:ident($($arg:ident: $type:ty),*) -> $output:ty = $operation:expr;)*) => {
        impl Client {
            $($(#[$meta])*
            ///
            /// # Errors
            /// [`CallError`].
            pub async fn $name(&self, $($arg: $type),*) -> Result<Reply<$output>, CallError> {
                self.send($operation).await
            })*
        }
    };
}

calls! {
    /// Creates a template.
    create_template(request: TemplateRequest) -> TemplateResponse = CreateTemplate::new(request);
    /// Replaces a template as a whole.
    update_template(template: &TemplateId, request: TemplateRequest) -> TemplateResponse = UpdateTemplate::new(template.clone(), request);
    /// Deletes a template.
    delete_template(template: &TemplateId) -> DeleteTemplateResponse = DeleteTemplate::new(template.clone());
    /// Lists templates, one page.
    list_templates(list: ListTemplates) -> ListTemplatesResponse = list;
    /// Lists queues, one page.
    list_queues(list: ListQueues) -> ListQueuesResponse = list;
    /// Changes a queue.
    update_queue(queue: &QueueId, request: UpdateQueueRequest) -> UpdateQueueResponse = UpdateQueue::new(queue.clone(), request);
    /// Opens the media service of the client's bucket.
    open_bucket() -> OpenBucketResponse = OpenBucket;
    /// Closes the media service of the client's bucket, which also deletes its queue.
    close_bucket() -> CloseBucketResponse = CloseBucket;
    /// Lists buckets whose media service is open, one page.
    list_buckets(list: ListBuckets) -> ListBucketsResponse = list;
}
