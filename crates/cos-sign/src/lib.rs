//! Sign, presign and verify requests to Tencent Cloud COS and CI.
