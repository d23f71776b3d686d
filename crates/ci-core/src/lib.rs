//! Requests and replies of Tencent Cloud Infinite (CI) as plain http values, without I/O.
