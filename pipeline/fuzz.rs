//! Mutational fuzzing as ordinary tests. Called by the `fuzz` modules of the stages, which have the targets.
//!
//! A target is a property of any bytes. Its inputs are its seeds, what lies in `tests/data/fuzz/TARGET/` (among it every
//! input that ever failed), and mutations of all of them; an input whose outcome was not seen before joins the pool that
//! is mutated. An input that makes the property panic, or takes too long, is written beside the others and named.
//!
//! `cargo verify` plays a fixed number of inputs, the same each time. More:
//! `TRACEMILL_FUZZ_SECONDS=3600 cargo verify --lib fuzz -- --nocapture`, so long for each target;
//! `TRACEMILL_FUZZ_SEED=7` draws other mutations.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use crate::parallel::STACK_BYTES;

/// No input may take longer, on a machine that does other things too.
const TIME_MAX: Duration = Duration::from_secs(10);
/// Memory that the process may have taken at any time, with all tests beside each other.
const MEMORY_KIB_MAX: u64 = 3 << 20;
/// Inputs that are mutated further, at most.
const POOL: usize = 4_096;
/// Bytes of an input, at most.
const BYTES: usize = 64 << 10;

/// A target.
pub(crate) struct Target<'a> {
    /// Its name, and that of its folder.
    pub(crate) name: &'a str,
    /// Inputs to begin with.
    pub(crate) seeds: Vec<Vec<u8>>,
    /// Pieces that mean something in this format.
    pub(crate) tokens: &'a [&'a [u8]],
    /// Makes mutated bytes hold together again, such as checksums; done to every other input.
    pub(crate) repair: fn(&mut [u8]),
    /// Whether it is a text whose lines and words mean something: then most mutations keep them whole.
    pub(crate) is_source: bool,
    /// Inputs played by default.
    pub(crate) inputs: u64,
}

/// Plays a target. The property panics where it fails, else it returns a number that classifies the outcome.
pub(crate) fn fuzz(target: &Target<'_>, property: impl Fn(&[u8]) -> u64 + Sync) {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name(target.name.to_owned()).stack_size(STACK_BYTES);
        let played = builder.spawn_scoped(scope, || play(target, &property)).unwrap().join();
        if let Err(panic) = played {
            std::panic::resume_unwind(panic);
        }
    });
}

fn play(target: &Target<'_>, property: &(impl Fn(&[u8]) -> u64 + Sync)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/fuzz").join(target.name);
    let mut pool = target.seeds.clone();
    let kept: BTreeSet<PathBuf> =
        std::fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    pool.extend(kept.iter().map(|path| std::fs::read(path).unwrap()));
    assert!(!pool.is_empty(), "{} has no seed", target.name);

    let mut seen = BTreeSet::new();
    for bytes in &pool {
        seen.insert(one(target, &folder, bytes, property));
    }
    let seconds = number("TRACEMILL_FUZZ_SECONDS");
    let (begun, mut random) = (Instant::now(), ChaCha8Rng::seed_from_u64(number("TRACEMILL_FUZZ_SEED").unwrap_or(1)));
    let mut played = 0_u64;
    while seconds.map_or(played < target.inputs, |seconds| begun.elapsed() < Duration::from_secs(seconds)) {
        let mut bytes = match target.is_source && random.next_u32() % 8 != 0 {
            true => rewritten(&pool, target.tokens, &mut random),
            false => mutated(&pool, target.tokens, &mut random),
        };
        if random.next_u32() % 2 == 0 {
            (target.repair)(&mut bytes);
        }
        let outcome = one(target, &folder, &bytes, property);
        played += 1;
        if seen.insert(outcome) && pool.len() < POOL {
            pool.push(bytes);
        }
    }
    eprintln!(
        "fuzz {}: {played} inputs in {:.0} s, {} outcomes, peak memory of the process {} MiB",
        target.name,
        begun.elapsed().as_secs_f64(),
        seen.len(),
        peak_kib() >> 10
    );
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// Plays one input and gives its outcome.
fn one(target: &Target<'_>, folder: &Path, bytes: &[u8], property: &(impl Fn(&[u8]) -> u64 + Sync)) -> u64 {
    let (begun, memory) = (Instant::now(), peak_kib());
    let outcome = catch_unwind(AssertUnwindSafe(|| property(bytes)));
    let took = begun.elapsed();
    let problem = match &outcome {
        Err(_) => "makes it panic".to_owned(),
        Ok(_) if took > TIME_MAX => format!("takes {:.1} s", took.as_secs_f64()),
        Ok(_) if peak_kib() > MEMORY_KIB_MAX && memory < MEMORY_KIB_MAX => format!("takes {} MiB", peak_kib() >> 10),
        Ok(outcome) => return *outcome,
    };
    std::fs::create_dir_all(folder).unwrap();
    let path = folder.join(format!("failed-{}", &crate::hash::content_hash(bytes)[..12]));
    std::fs::write(&path, bytes).unwrap();
    panic!("{}: {} {problem}", target.name, path.display());
}

/// The most memory that the process had so far, in kibibytes.
fn peak_kib() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// A number for an outcome: its message without the digits.
pub(crate) fn outcome(said: &str) -> u64 {
    let plain: String = said.chars().filter(|character| !character.is_ascii_digit()).collect();
    blake3::hash(plain.as_bytes()).as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    (random.next_u64() % bound.max(1) as u64) as usize
}

/// A piece of some bytes, mostly a short one.
fn piece(bytes: &[u8], random: &mut ChaCha8Rng) -> std::ops::Range<usize> {
    let start = below(random, bytes.len() + 1);
    let longest = [4, 16, 64, 4_096][below(random, 4)].min(bytes.len() - start);
    start..start + below(random, longest + 1)
}

fn mutated(pool: &[Vec<u8>], tokens: &[&[u8]], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = pool[below(random, pool.len())].clone();
    for _ in 0..=below(random, 6) {
        let at = below(random, bytes.len() + 1);
        match below(random, 11) {
            0 if at < bytes.len() => bytes[at] ^= 1 << below(random, 8),
            1 if at < bytes.len() => bytes[at] = random.next_u32() as u8,
            2 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff, b'0', b'9', b' ', b'\n'][below(random, 9)],
            3 if at + 4 <= bytes.len() => {
                let number = [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX, 0xffff, 1 << 20][below(random, 7)];
                bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
            }
            4 => drop(bytes.drain(piece(&bytes.clone(), random))),
            // Again, and perhaps again and again.
            5 => {
                let again = bytes[piece(&bytes, random)].repeat([1, 1, 2, 50][below(random, 4)]);
                drop(bytes.splice(at..at, again));
            }
            6 | 7 => {
                let other = &pool[below(random, pool.len())];
                let taken = other[piece(other, random)].to_vec();
                let end = if below(random, 2) == 0 { at } else { (at + taken.len()).min(bytes.len()) };
                drop(bytes.splice(at..end, taken));
            }
            8 if !tokens.is_empty() => {
                let token = tokens[below(random, tokens.len())];
                let end = if below(random, 2) == 0 { at } else { (at + token.len()).min(bytes.len()) };
                drop(bytes.splice(at..end, token.iter().copied()));
            }
            // Lines change places.
            9 => {
                let mut lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
                let (one, other) = (below(random, lines.len()), below(random, lines.len()));
                if one < lines.len() && other < lines.len() {
                    lines.swap(one, other);
                }
                bytes = lines.concat();
            }
            10 => bytes.truncate(at),
            _ => {}
        }
    }
    bytes.truncate(BYTES);
    bytes
}

/// Other lines and words in a source text.
fn rewritten(pool: &[Vec<u8>], tokens: &[&[u8]], random: &mut ChaCha8Rng) -> Vec<u8> {
    let split = |bytes: &[u8]| -> Vec<Vec<u8>> { bytes.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect() };
    let mut lines = split(&pool[below(random, pool.len())]);
    let indent = |line: &[u8]| line.iter().take_while(|&&byte| byte == b' ').count();
    for _ in 0..=below(random, 4) {
        if lines.is_empty() {
            break;
        }
        let (at, to) = (below(random, lines.len()), below(random, lines.len()));
        match below(random, 8) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(to, lines[at].clone()),
            2 => {
                let line = lines.remove(at);
                lines.insert(to.min(lines.len()), line);
            }
            3 => lines[at] = [b"    ".as_slice(), &lines[at]].concat(),
            4 if indent(&lines[at]) >= 4 => drop(lines[at].drain(..4)),
            // A token as a line of its own, or some lines of another text, where they could stand.
            5 | 6 => {
                let other = split(&pool[below(random, pool.len())]);
                let start = below(random, other.len());
                let taken: Vec<Vec<u8>> = match below(random, 2) {
                    0 if !tokens.is_empty() => split(tokens[below(random, tokens.len())]),
                    _ => other[start..(start + 1 + below(random, 8)).min(other.len())].to_vec(),
                };
                let (there, here) = (vec![b' '; indent(&lines[at])], taken.first().map_or(0, |line| indent(line)));
                let taken = taken.iter().map(|line| [&there, &line[here.min(indent(line))..]].concat());
                drop(lines.splice(at..at, taken.collect::<Vec<_>>()));
            }
            // One word, or an operator, for another.
            _ => {
                let words = |line: &[u8]| -> Vec<Vec<u8>> {
                    line.split_inclusive(|byte| !byte.is_ascii_alphanumeric()).map(<[u8]>::to_vec).collect()
                };
                let mut mine = words(&lines[at]);
                let theirs = words(&lines[to]);
                if !mine.is_empty() && !theirs.is_empty() {
                    let place = below(random, mine.len());
                    mine[place] = theirs[below(random, theirs.len())].clone();
                    lines[at] = mine.concat();
                }
            }
        }
    }
    let mut bytes = lines.join(b"\n".as_slice());
    bytes.truncate(BYTES);
    bytes
}
