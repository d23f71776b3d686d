//! Parameters of the Tag `SmartCover`, the same in jobs and templates.

use crate::text::text_enum;
use crate::{CoverCount, Pixels};
use serde::{Deserialize, Serialize};

text_enum! {
    /// Format of the covers. Source: 460/84734.
    #[derive(Default)]
    pub enum CoverFormat {
        /// JPEG, the format when the request does not say.
        #[default]
        Jpg = "jpg",
        /// PNG.
        Png = "png",
        /// WebP.
        Webp = "webp",
    }
}

/// What covers to make of a video.
///
/// Written as `Operation/SmartCover` in jobs and `SmartCover` in templates. Source: 460/84734.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct SmartCover {
    /// Format of the pictures, `jpg` when absent. It does not change the object's name: end the output key in `${ext}`
    /// to keep both in step.
    pub format: Option<CoverFormat>,
    /// Width, 128 to 4096 pixels. Alone, the height follows the video; with neither, covers have the size of the video.
    pub width: Option<Pixels>,
    /// Height, 128 to 4096 pixels. Alone, the width follows the video.
    pub height: Option<Pixels>,
    /// How many, 1 to 10; 3 when absent. A short video may give fewer.
    pub count: Option<CoverCount>,
    /// Whether covers that look alike are left out. Absent means `false` on most pages and `true` on 436/75256: send it
    /// when it matters.
    pub delete_duplicates: Option<bool>,
}

impl SmartCover {
    /// The service's defaults: three covers in jpg at the size of the video.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the format.
    #[must_use]
    pub fn format(mut self, format: CoverFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// Sets the width.
    #[must_use]
    pub fn width(mut self, width: Pixels) -> Self {
        self.width = Some(width);
        self
    }

    /// Sets the height.
    #[must_use]
    pub fn height(mut self, height: Pixels) -> Self {
        self.height = Some(height);
        self
    }

    /// Sets how many covers.
    #[must_use]
    pub fn count(mut self, count: CoverCount) -> Self {
        self.count = Some(count);
        self
    }

    /// Sets whether covers that look alike are left out.
    #[must_use]
    pub fn delete_duplicates(mut self, delete: bool) -> Self {
        self.delete_duplicates = Some(delete);
        self
    }
}
