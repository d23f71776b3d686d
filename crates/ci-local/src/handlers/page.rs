//! Numbered pages, as templates, queues and buckets are listed.

use super::call::Call;
use crate::reply::Refusal;

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paging {
    /// From 1.
    pub(super) number: u32,
    pub(super) size: u32,
}

impl Paging {
    pub(super) fn of(call: &Call<'_>, largest: usize) -> Result<Self, Refusal> {
        let number = call.number("pageNumber", 1, 1..=1_000_000)?;
        let size = call.number("pageSize", 10, 1..=largest)?;
        Ok(Self {
            number: u32::try_from(number).unwrap_or(1),
            size: u32::try_from(size).unwrap_or(10),
        })
    }

    /// The part of the whole that is on the page.
    pub(super) fn cut<T>(self, all: &[T]) -> &[T] {
        let size = self.size as usize;
        let from = (self.number as usize - 1)
            .saturating_mul(size)
            .min(all.len());
        let to = from.saturating_add(size).min(all.len());
        all.get(from..to).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_everything_once_and_then_nothing() {
        let all = [1, 2, 3, 4, 5];
        let page = |number| Paging { number, size: 2 }.cut(&all).to_vec();
        assert_eq!(
            (page(1), page(2), page(3), page(4)),
            (vec![1, 2], vec![3, 4], vec![5], vec![])
        );
    }
}
