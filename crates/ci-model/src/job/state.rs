//! Where a job stands, and what kind of work it is.

use crate::text::text_enum;

text_enum! {
    /// State of a job. Source: 460/84791.
    pub enum JobState {
        /// Accepted, waiting in its queue.
        Submitted = "Submitted",
        /// Being carried out.
        Running = "Running",
        /// Finished; the results stand in [`Operation::media_result`](crate::Operation::media_result).
        Success = "Success",
        /// Finished with an error; code and message of the job say which.
        Failed = "Failed",
        /// Waiting in a paused queue.
        Pause = "Pause",
        /// Cancelled before it began.
        Cancel = "Cancel",
    }
}

impl JobState {
    /// Whether nothing will change any more: `Success`, `Failed` or `Cancel`. A word this version does not know is not
    /// final.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Cancel)
    }
}

text_enum! {
    /// The kind of work. The operations of other kinds than [`Tag::SmartCover`] keep their parameters as
    /// [`Extras`](crate::Extras). Source: 460/84766.
    pub enum Tag {
        /// Covers picked from a video.
        SmartCover = "SmartCover",
        /// A video or sound re-encoded.
        Transcode = "Transcode",
        /// A moving picture.
        Animation = "Animation",
        /// Frames at given times.
        Snapshot = "Snapshot",
        /// Several media joined.
        Concat = "Concat",
        /// Voice and music separated.
        VoiceSeparate = "VoiceSeparate",
        /// The best parts of a video.
        VideoMontage = "VideoMontage",
        /// Colour and sharpness processing.
        VideoProcess = "VideoProcess",
        /// Standard to high dynamic range.
        SdrToHdr = "SDRtoHDR",
        /// A video enlarged.
        SuperResolution = "SuperResolution",
        /// A medium cut into segments.
        Segment = "Segment",
        /// An invisible mark put in.
        DigitalWatermark = "DigitalWatermark",
        /// An invisible mark read.
        ExtractDigitalWatermark = "ExtractDigitalWatermark",
        /// What a video shows.
        VideoTag = "VideoTag",
        /// The properties of a medium.
        MediaInfo = "MediaInfo",
        /// Streams taken out of a container.
        StreamExtract = "StreamExtract",
        /// The quality of a video.
        QualityEstimate = "QualityEstimate",
        /// Speech from text.
        Tts = "Tts",
        /// Noise taken out of sound.
        NoiseReduction = "NoiseReduction",
        /// A video enhanced.
        VideoEnhance = "VideoEnhance",
        /// Text translated.
        Translation = "Translation",
        /// Text from speech.
        SpeechRecognition = "SpeechRecognition",
        /// Words of a text.
        WordsGeneralize = "WordsGeneralize",
        /// Pictures processed.
        PicProcess = "PicProcess",
    }
}
