//! Client of Tencent Cloud Infinite (CI): SmartCover jobs and their objects, over hyper and rustls.
