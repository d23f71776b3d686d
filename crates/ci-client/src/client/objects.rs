//! Objects: whole, as streams, and as URLs for others.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use ci_core::{
    DeleteObject, GetObject, HeadObject, ListObjects, Object, ObjectHead, ObjectPage, Operation,
    PutObject, Repeat,
};
use cos_sign::{Presigned, Validity};
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{Request, response};
use tokio::fs::File;

use super::attempts::{Exchanged, Spec};
use super::{Client, Reply};
use crate::body::Body;
use crate::clock::unix;
use crate::error::{CallError, Cause};
use crate::transport::{TransportError, TransportFault};

/// Most bytes of a refusal that are read.
const REFUSAL: usize = 1 << 20;

impl Client {
    /// Writes an object whose bytes are at hand.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn put_object(
        &self,
        key: impl Into<String>,
        body: impl Into<Bytes>,
    ) -> Result<Reply<ObjectHead>, CallError> {
        self.send(PutObject::new(key, body)).await
    }

    /// Writes a file as an object, without reading it whole. Opened again for every attempt.
    ///
    /// The call has no limit as a whole: silence ends it, size does not.
    ///
    /// # Errors
    /// [`CallError`]; a file that cannot be read is a [`Cause::Transport`] that was not sent.
    pub async fn put_file(
        &self,
        key: impl Into<String>,
        file: impl AsRef<Path>,
    ) -> Result<Reply<ObjectHead>, CallError> {
        let path = file.as_ref().to_owned();
        let length = tokio::fs::metadata(&path).await.map(|meta| meta.len());
        let length = length.map_err(|error| {
            CallError::new(
                PutObject::NAME,
                Cause::Transport(TransportError::not_sent(error)),
                Vec::new(),
            )
        })?;
        self.put_object_with(PutObject::new(key, Bytes::new()), length, || {
            let path = path.clone();
            async move { Ok(Body::from_reader(File::open(path).await?, length)) }
        })
        .await
    }

    /// Writes an object of `length` bytes from a stream, which is made anew for every attempt. The body of `put` is not
    /// used.
    ///
    /// # Errors
    /// [`CallError`]; a stream that cannot be made is a [`Cause::Transport`] that was not sent.
    pub async fn put_object_with<F, Fut>(
        &self,
        put: PutObject,
        length: u64,
        make: F,
    ) -> Result<Reply<ObjectHead>, CallError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = std::io::Result<Body>> + Send,
    {
        let request = put
            .request(&self.endpoint)
            .map_err(|error| Self::invalid(PutObject::NAME, error))?;
        let (mut head, _) = request.into_parts();
        head.headers
            .insert(CONTENT_LENGTH, HeaderValue::from(length));
        let transport = &self.shared.transport;
        let deadline = self.deadline();
        let answer = self.limits.attempt;
        let sent = self.attempts(streaming(PutObject::NAME, true), &head, deadline, |head| {
            let making = make();
            async move {
                let body = making.await.map_err(TransportError::not_sent)?;
                let (head, body) = transport
                    .stream(Request::from_parts(head, body))
                    .await?
                    .into_parts();
                let body = small(body, answer).await?;
                let read = PutObject::response(&head, &body);
                Ok((head, read))
            }
        });
        sent.await
            .map_err(|trouble| trouble.into_error(PutObject::NAME))
    }

    /// Reads the object of a key, of at most 64 MiB; see [`Client::get_object_stream`] for more.
    ///
    /// A [`GetObject`] in place of the key asks for a range, or only for what has changed.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_object(&self, get: impl Into<GetObject>) -> Result<Reply<Object>, CallError> {
        self.send(get.into()).await
    }

    /// Reads an object as a stream. Attempts are made until the reply begins; a stream that breaks off ends in an error
    /// of its own.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_object_stream(
        &self,
        get: impl Into<GetObject>,
    ) -> Result<Reply<(ObjectHead, Body)>, CallError> {
        let request = get
            .into()
            .request(&self.endpoint)
            .map_err(|error| Self::invalid(GetObject::NAME, error))?;
        let (head, _) = request.into_parts();
        let transport = &self.shared.transport;
        let got = self.attempts(
            streaming(GetObject::NAME, false),
            &head,
            self.deadline(),
            |head| async move {
                let (head, body) = transport
                    .stream(Request::from_parts(head, Body::empty()))
                    .await?
                    .into_parts();
                begun(head, body).await
            },
        );
        got.await
            .map_err(|trouble| trouble.into_error(GetObject::NAME))
    }

    /// Asks about an object without reading it.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn head_object(
        &self,
        key: impl Into<String>,
    ) -> Result<Reply<ObjectHead>, CallError> {
        self.send(HeadObject::new(key)).await
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn delete_object(&self, key: impl Into<String>) -> Result<Reply<()>, CallError> {
        self.send(DeleteObject::new(key)).await
    }

    /// Lists objects, one page.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn list_objects(&self, list: ListObjects) -> Result<Reply<ObjectPage>, CallError> {
        self.send(list).await
    }

    /// A URL with which anybody can read an object for a while. Nothing is sent.
    ///
    /// # Errors
    /// [`CallError`]: no credentials, or the URL would outlive them.
    pub async fn presign_get(&self, key: &str, lasting: Duration) -> Result<Presigned, CallError> {
        let (credentials, window) = self.window(GetObject::NAME, lasting).await?;
        ci_core::presign_get(&self.endpoint, key, &credentials, window)
            .map_err(|error| Self::invalid(GetObject::NAME, error))
    }

    /// A URL with which anybody can write an object for a while. Nothing is sent.
    ///
    /// # Errors
    /// [`CallError`]: no credentials, or the URL would outlive them.
    pub async fn presign_put(
        &self,
        key: &str,
        content_type: Option<&str>,
        lasting: Duration,
    ) -> Result<Presigned, CallError> {
        let (credentials, window) = self.window(PutObject::NAME, lasting).await?;
        ci_core::presign_put(&self.endpoint, key, content_type, &credentials, window)
            .map_err(|error| Self::invalid(PutObject::NAME, error))
    }

    async fn window(
        &self,
        operation: &'static str,
        lasting: Duration,
    ) -> Result<(cos_sign::Credentials, Validity), CallError> {
        let credentials = self.credentials().await;
        let credentials =
            credentials.map_err(|error| CallError::new(operation, error, Vec::new()))?;
        let now = unix(self.shared.clock.now()).saturating_add(self.shared.skew.applied());
        Ok((
            credentials,
            Validity::starting_at(u64::try_from(now).unwrap_or(0), lasting),
        ))
    }
}

fn streaming(name: &'static str, uploads: bool) -> Spec {
    Spec {
        name,
        repeat: Repeat::Safe,
        largest_reply: REFUSAL,
        uploads,
    }
}

/// The body of an answer that is no object: small, and soon complete.
async fn small(body: Body, within: Duration) -> Result<Bytes, TransportError> {
    let read = tokio::time::timeout(within, body.collect(REFUSAL)).await;
    read.unwrap_or_else(|_| {
        let late = TransportFault::Timeout { after: within };
        Err(TransportError::reading(late))
    })
}

/// A reply whose body is read later if it is what was asked for, and now if it is a refusal.
async fn begun(
    head: response::Parts,
    body: Body,
) -> Result<Exchanged<(ObjectHead, Body)>, TransportError> {
    if head.status.is_success() {
        let about = ObjectHead::of(&head.headers);
        return Ok((head, Ok((about, body))));
    }
    let body = body.collect(REFUSAL).await?;
    let read = match ci_core::accept(&head, &body) {
        Err(error) => Err(error),
        Ok(()) => Ok((ObjectHead::of(&head.headers), Body::from(body))),
    };
    Ok((head, read))
}
