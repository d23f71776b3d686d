//! Tencent Cloud Infinite (CI) on one machine: the SmartCover HTTP API over real media, without an account.
