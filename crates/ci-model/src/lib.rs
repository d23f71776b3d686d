//! Documents of Tencent Cloud Infinite (CI): jobs, templates, queues, callbacks and errors, in XML and JSON.
