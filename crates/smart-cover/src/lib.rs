//! Picks the best, distinct cover frames of a video.
