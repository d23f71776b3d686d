//! The stages one by one.

use smart_cover::{Cancel, Options, Video};

use crate::clips::{Folder, bikes};

#[test]
fn one_look_gives_several_sets_of_covers_and_each_as_pick_gives_it() {
    let (options, cancel) = (Options::new().count(4).width(320_u32), Cancel::new());
    let video = Video::open(&bikes(), &options, &cancel).expect("a video");
    assert_eq!((video.media().width, video.media().height), (640, 272));
    let mut shares = Vec::new();
    let looked = video.look(&mut |share| shares.push(share)).expect("frames");
    assert!(looked.count() > 50, "{looked:?}");
    assert!(shares.is_sorted() && shares.iter().all(|share| (0.0..=1.0).contains(share)));
    assert!(shares.last().is_some_and(|last| *last > 0.5), "{shares:?}");

    let (one, four) = (looked.choose(1, true), looked.choose(4, false));
    assert_eq!((one.times().len(), four.times().len()), (1, 4));
    assert_eq!(one.times()[0], four.times()[0]);
    assert!(four.scores().windows(2).all(|pair| pair[0] >= pair[1]));

    let (folder, other) = (Folder::new(), Folder::new());
    let covers = video.write(&four, &folder.covers()).expect("covers");
    let picked = other.pick(&bikes(), &options);
    let said = |covers: &[smart_cover::Cover]| -> Vec<_> {
        covers
            .iter()
            .map(|c| (c.time, c.score, std::fs::read(&c.file).expect("a picture")))
            .collect()
    };
    assert_eq!(said(&covers), said(&picked.covers));
    assert_eq!(
        video.write(&one, &folder.covers()).expect("a cover").len(),
        1
    );
}
