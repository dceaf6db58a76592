//! Seeded mutations of texts: the same seed, the same texts.

/// Splitmix64: as good as any for this, and the same everywhere.
pub(super) struct Random(pub(super) u64);

/// What breaks readers.
const WORDS: &[&[u8]] = &[
    b"&a ",
    b"*a",
    b"&a [*a]",
    b"<<: *a",
    b"!!binary ",
    b"!!python/object ",
    b"? ",
    b"- - - ",
    b"---\n",
    b"...\n",
    b"%YAML 1.2\n",
    b"\t",
    b"\r",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\0",
    b"\xe2\x80\xa8",
    b"99999999999999999999999999999999999999",
    b"-9223372036854775809",
    b"1e999999",
    b".nan",
    b"0x7fffffffffffffffff",
    b"0o777777777777777777777777",
    b"${",
    b"${A:-${B}}",
    b"$$",
    b"null",
    b"~",
    b"{}",
    b"[]",
    b"''",
    b"|\n",
    b">-\n",
    b"kind: List\nitems:\n",
    b"sops: {}\n",
    b"../",
    b"/",
    b"..",
    b"-- app/kustomization.yaml\n",
    b"resources: [.]\n",
    b"components: [../app]\n",
];

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 where that is 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }

    /// Some mutations of one of these, with parts of others.
    pub(super) fn mutation(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut data = corpus[self.below(corpus.len())].clone();
        for _ in 0..=self.below(5) {
            self.mutate(&mut data, corpus);
        }
        data
    }

    fn mutate(&mut self, data: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.below(data.len() + 1);
        match self.below(11) {
            0 => {
                if let Some(byte) = data.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            1 => data.truncate(at),
            2 => {
                let line = self.line(data);
                data.drain(line);
            }
            3 => {
                let line = self.line(data);
                let copy = data[line].to_vec();
                let times = [1, 2, 50][self.below(3)];
                data.splice(at..at, copy.repeat(times));
            }
            4 => {
                let opens: [&[u8]; 5] = [b"[", b"{", b"- ", b"(", b"{a: "];
                let open = opens[self.below(opens.len())];
                let levels = [3, 40, 150, 4_000][self.below(4)];
                data.splice(at..at, open.repeat(levels));
            }
            5 => {
                let other = &corpus[self.below(corpus.len())];
                let line = self.line(other);
                data.splice(at..at, other[line].to_vec());
            }
            6 => {
                let line = self.line(data);
                let indent = vec![b' '; self.below(9)];
                data.splice(line.start..line.start, indent);
            }
            7 => data.extend_from_slice(&bomb(self.below(300), self.below(7))),
            8 => {
                let end = (at + self.below(8)).min(data.len());
                data.drain(at..end);
            }
            _ => {
                let word = WORDS[self.below(WORDS.len())];
                data.splice(at..at, word.to_vec());
            }
        }
    }

    /// One line, with its end.
    fn line(&mut self, data: &[u8]) -> std::ops::Range<usize> {
        let at = self.below(data.len());
        let start = data[..at].iter().rposition(|byte| *byte == b'\n');
        let start = start.map_or(0, |start| start + 1);
        let end = data[at..].iter().position(|byte| *byte == b'\n');
        start..end.map_or(data.len(), |end| at + end + 1)
    }
}

/// A document of which each level is the one before, many times.
fn bomb(width: usize, levels: usize) -> Vec<u8> {
    let mut text = format!("\n---\na0: &a0 {}\n", "x".repeat(width));
    for level in 1..=levels {
        let before = format!("*a{}, ", level - 1).repeat(10);
        text.extend([
            "a",
            &level.to_string(),
            ": &a",
            &level.to_string(),
            " [",
            &before,
            "]\n",
        ]);
    }
    text.into_bytes()
}
