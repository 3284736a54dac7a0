//! Rules that turn messages of the interpreter into CPython's. Called by `mod`.

use rustpython_vm::bytecode::Opcode;

/// Where an exception was raised.
pub(super) struct At<'a> {
    /// The instruction that raised it.
    pub(super) opcode: Opcode,
    /// Names of functions, attributes and modules that the raising code uses.
    pub(super) names: &'a [&'a str],
}

/// When a rule applies.
enum When {
    Always,
    /// One of these instructions raised it.
    By(&'static [Opcode]),
    /// The code uses the first name, and none of the others.
    Names(&'static str, &'static [&'static str]),
}

use When::{Always, By, Names};

/// A kind of message: class, the interpreter's form, CPython's form. `{}` stands for any text, in the same order in
/// both.
struct Rule(&'static str, &'static str, &'static str, When);

const CALL: &[Opcode] = &[Opcode::Call];

const RULES: &[Rule] = &[
    Rule(
        "UnboundLocalError",
        "local variable {} referenced before assignment",
        "cannot access local variable {} where it is not associated with a value",
        Always,
    ),
    Rule("ValueError", "{} is not in list", "list.index(x): x not in list", Names("index", &["remove"])),
    Rule("ValueError", "{} is not in list", "list.remove(x): x not in list", Names("remove", &["index"])),
    Rule("ValueError", "{} is not in deque", "deque.index(x): x not in deque", Names("index", &["remove"])),
    Rule("ValueError", "{} is not in range", "range.index(x): x not in range", Always),
    Rule("ValueError", "{} not in range", "sequence.index(x): x not in sequence", Names("index", &[])),
    Rule("ValueError", "maxlen must be non-negative.", "maxlen must be non-negative", Always),
    Rule("ValueError", "slice step cannot be zero.", "slice step cannot be zero", Always),
    Rule("TypeError", "an integer is required.", "an integer is required", Always),
    Rule(
        "TypeError",
        "class {} without an implementation for abstract method{}",
        "Can't instantiate abstract class {} without an implementation for abstract method{}",
        Always,
    ),
    Rule("TypeError", "Cannot add list and {}", "can only concatenate list (not \"{}\") to list", Always),
    Rule(
        "TypeError",
        "can only concatenate tuple (not '{}') to tuple",
        "can only concatenate tuple (not \"{}\") to tuple",
        Always,
    ),
    Rule(
        "TypeError",
        "can only concatenate str (not '{}') to str",
        "can only concatenate str (not \"{}\") to str",
        Always,
    ),
    Rule(
        "TypeError",
        "sequence indices be integers or slices or classes that override __index__ operator, not '{}'",
        "range indices must be integers or slices, not {}",
        Always,
    ),
    Rule(
        "TypeError",
        "issubclass() arg 1 must be a class",
        "catching classes that do not inherit from BaseException is not allowed",
        By(&[Opcode::CheckExcMatch]),
    ),
    Rule(
        "TypeError",
        "'{}' object is not iterable",
        "must assign iterable to extended slice",
        By(&[Opcode::StoreSubscr, Opcode::StoreSlice]),
    ),
    Rule(
        "TypeError",
        "exceptions must be classes or instances deriving from BaseException, not {}",
        "exceptions must derive from BaseException",
        By(&[Opcode::RaiseVarargs]),
    ),
    Rule(
        "TypeError",
        "multiple bases have instance layout conflict",
        "multiple bases have instance lay-out conflict",
        Always,
    ),
    Rule("TypeError", "type '{}' doesn't define '__trunc__' method", "type {} doesn't define __trunc__ method", Always),
    Rule(
        "TypeError",
        "reduce expected at least {} arguments, got {}",
        "reduce() takes at least {} positional arguments ({} given)",
        By(CALL),
    ),
    Rule(
        "TypeError",
        "sum expected at least {} argument, got {}",
        "sum() takes at least {} positional argument ({} given)",
        By(CALL),
    ),
    Rule("TypeError", "sort expected 0 arguments, got {}", "sort() takes no positional arguments", By(CALL)),
];

/// Built-in functions that take one argument.
const OF_ONE: &[&str] =
    &["all", "any", "ascii", "bin", "callable", "chr", "hash", "hex", "id", "len", "oct", "ord", "repr"];

/// Functions of `math` that take one argument.
const MATH_OF_ONE: &[&str] = &[
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cbrt",
    "ceil",
    "cos",
    "cosh",
    "degrees",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "fabs",
    "factorial",
    "floor",
    "frexp",
    "isfinite",
    "isinf",
    "isnan",
    "isqrt",
    "lgamma",
    "log10",
    "log1p",
    "log2",
    "modf",
    "radians",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "trunc",
    "ulp",
];

/// Functions with CPython's `takes at most` where the interpreter says `expected at most`.
const AT_MOST: &[&str] = &[
    "combinations",
    "combinations_with_replacement",
    "complex",
    "compress",
    "deque",
    "encode",
    "enumerate",
    "groupby",
    "permutations",
    "pow",
    "property",
    "reduce",
    "round",
    "splitlines",
    "sum",
];

/// Classes that CPython shows with their module.
const QUALIFIED: &[(&str, &str)] = &[
    ("collections", "OrderedDict"),
    ("collections", "defaultdict"),
    ("collections", "deque"),
    ("datetime", "date"),
    ("datetime", "datetime"),
    ("datetime", "time"),
    ("datetime", "timedelta"),
    ("datetime", "timezone"),
    ("decimal", "Decimal"),
];

/// CPython's message for a message of the interpreter, where a rule applies.
pub(super) fn corrected(class: &str, text: &str, at: &At<'_>) -> Option<String> {
    if class == "RecursionError" {
        return text.ends_with(' ').then(|| text.trim_end().to_owned());
    }
    if let ("ValueError", Some(rest)) = (class, text.strip_prefix("invalid literal for int() with base ")) {
        // CPython shows 200 characters of the literal.
        let (base, shown) = rest.split_once(": ")?;
        let (end, _) = shown.char_indices().nth(200)?;
        return Some(format!("invalid literal for int() with base {base}: {}", &shown[..end]));
    }
    if class == "TypeError"
        && at.opcode == Opcode::Call
        && let Some(corrected) = arity(text)
    {
        return Some(corrected);
    }
    RULES.iter().filter(|rule| rule.0 == class && holds(&rule.3, at)).find_map(|rule| rewrite(rule.1, rule.2, text))
}

fn holds(when: &When, at: &At<'_>) -> bool {
    match when {
        Always => true,
        By(opcodes) => opcodes.contains(&at.opcode),
        Names(name, others) => at.names.contains(name) && !others.iter().any(|other| at.names.contains(other)),
    }
}

/// The message about the number of arguments of a built-in function that got no keyword.
fn arity(text: &str) -> Option<String> {
    let (name, rest) = text.split_once(" expected ")?;
    if let Some(given) = rest.strip_prefix("1 argument, got ") {
        let module = match () {
            () if OF_ONE.contains(&name) => "",
            () if MATH_OF_ONE.contains(&name) => "math.",
            () => return None,
        };
        return Some(format!("{module}{name}() takes exactly one argument ({given} given)"));
    }
    let (most, given) = rest.strip_prefix("at most ")?.split_once(", got ")?;
    AT_MOST.contains(&name).then(|| format!("{name}() takes at most {most} ({given} given)"))
}

/// Moves the texts that `{}` in `from` stands for into `to`, if the text has that form.
fn rewrite(from: &str, to: &str, text: &str) -> Option<String> {
    let (mut rest, mut found) = (text, Vec::new());
    let mut parts = from.split("{}");
    rest = rest.strip_prefix(parts.next()?)?;
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let at = if parts.peek().is_none() { rest.strip_suffix(part)?.len() } else { rest.find(part)? };
        found.push(&rest[..at]);
        rest = &rest[at + part.len()..];
    }
    if !rest.is_empty() {
        return None;
    }
    let mut pieces = to.split("{}");
    let mut out = pieces.next()?.to_owned();
    for (piece, found) in pieces.zip(found) {
        out.push_str(found);
        out.push_str(piece);
    }
    Some(out)
}

/// The text with the module in front of each class that CPython shows so. `is_class` is whether a name refers to that
/// class.
pub(super) fn qualified(text: &str, is_class: impl Fn(&str, &str) -> bool) -> Option<String> {
    let mut out: Option<String> = None;
    for (module, name) in QUALIFIED {
        if !text.contains(name) {
            continue;
        }
        let now = out.as_deref().unwrap_or(text);
        let mut places = Vec::new();
        for (at, _) in now.match_indices(name) {
            let (before, after) = (&now[..at], &now[at + name.len()..]);
            let is_quoted = ['\'', '"'].iter().any(|quote| before.ends_with(*quote) && after.starts_with(*quote));
            let is_bare = before.ends_with(", not ") && after.is_empty()
                || before.ends_with(", ") && after == " found"
                || before.ends_with("non-iterable ") && after.starts_with(' ');
            if is_quoted || is_bare {
                places.push(at);
            }
        }
        if !places.is_empty() && is_class(module, name) {
            let mut qualified = now.to_owned();
            places.iter().rev().for_each(|at| qualified.insert_str(*at, &format!("{module}.")));
            out = Some(qualified);
        }
    }
    out
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
