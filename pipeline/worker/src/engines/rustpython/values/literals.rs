//! Makes values of literals without the compiler: the arguments of most calls, and the results that checks expect.
//! Called by `job`, which compiles everything else.

use std::panic::{AssertUnwindSafe, catch_unwind};

use malachite_bigint::BigInt;
use ruff_python_ast::{CmpOp, Expr, ExprCall, Number, UnaryOp};
use ruff_python_parser::parse_expression;
use rustpython_vm::{
    PyObjectRef, PyResult, VirtualMachine,
    builtins::PyDictRef,
    function::{FuncArgs, KwArgs},
};

use crate::engines::rustpython::compatibility::set_order;

/// A call of a name with literals.
pub(crate) struct Call {
    name: String,
    call: ExprCall,
}

/// Literals nested deeper are left to the compiler.
const MAX_DEPTH: usize = 50;

fn parse(text: &str) -> Option<Expr> {
    // The parser may panic. The compiler then reports what is wrong.
    catch_unwind(AssertUnwindSafe(|| parse_expression(text).ok())).ok()?.map(|parsed| *parsed.into_syntax().body)
}

/// Reads `NAME(LITERAL, …, key=LITERAL, …)`.
pub(crate) fn call(text: &str) -> Option<Call> {
    // The compiler warns of some escapes, and knows the names of characters.
    if text.contains('\\') && (text.contains("\\N") || text.contains("\\u") || text.contains("\\U")) {
        return None;
    }
    let Expr::Call(call) = parse(text)? else { return None };
    let name = match &*call.func {
        Expr::Name(name) => name.id.as_str().to_owned(),
        _ => return None,
    };
    let plain = call.arguments.args.iter().all(|argument| is_literal(argument, 0))
        && call.arguments.keywords.iter().all(|keyword| keyword.arg.is_some() && is_literal(&keyword.value, 0));
    plain.then_some(Call { name, call })
}

impl Call {
    /// Makes the call. `None` when the namespace has no such name.
    pub(crate) fn run(&self, namespace: &PyDictRef, vm: &VirtualMachine) -> Option<PyResult> {
        let callable = namespace.get_item_opt(self.name.as_str(), vm).ok().flatten()?;
        Some(self.arguments(vm).and_then(|arguments| callable.call(arguments, vm)))
    }

    fn arguments(&self, vm: &VirtualMachine) -> PyResult<FuncArgs> {
        let arguments = &self.call.arguments;
        let positional = arguments.args.iter().map(|value| make(value, vm)).collect::<PyResult<Vec<_>>>()?;
        let named = arguments
            .keywords
            .iter()
            .map(|keyword| {
                let name = keyword.arg.as_ref().map_or_else(String::new, |name| name.as_str().to_owned());
                Ok((name, make(&keyword.value, vm)?))
            })
            .collect::<PyResult<Vec<_>>>()?;
        Ok(FuncArgs::new(positional, KwArgs::from_iter(named)))
    }
}

/// Reads `__result__ == LITERAL` and gives the literal's value.
pub(crate) fn expected(check: &str, vm: &VirtualMachine) -> Option<PyObjectRef> {
    if check.contains("\\N") || check.contains("\\u") || check.contains("\\U") {
        return None;
    }
    let Expr::Compare(compare) = parse(check)? else { return None };
    let is_result = matches!(&*compare.left, Expr::Name(name) if name.id.as_str() == "__result__");
    match (&*compare.ops, &*compare.comparators) {
        ([CmpOp::Eq], [value]) if is_result && is_literal(value, 0) => make(value, vm).ok(),
        _ => None,
    }
}

fn is_literal(expr: &Expr, depth: usize) -> bool {
    let all = |items: &[Expr]| items.iter().all(|item| is_literal(item, depth + 1));
    depth < MAX_DEPTH
        && match expr {
            Expr::NoneLiteral(_) | Expr::BooleanLiteral(_) | Expr::StringLiteral(_) | Expr::BytesLiteral(_) => true,
            Expr::NumberLiteral(number) => !matches!(number.value, Number::Complex { .. }),
            Expr::UnaryOp(operation) => {
                operation.op == UnaryOp::USub && matches!(&*operation.operand, Expr::NumberLiteral(_))
            }
            Expr::List(list) => all(&list.elts),
            Expr::Tuple(tuple) => all(&tuple.elts),
            Expr::Set(set) => all(&set.elts),
            Expr::Dict(dict) => dict.items.iter().all(|item| {
                item.key.as_ref().is_some_and(|key| is_literal(key, depth + 1)) && is_literal(&item.value, depth + 1)
            }),
            _ => false,
        }
}

fn make(expr: &Expr, vm: &VirtualMachine) -> PyResult {
    let all = |items: &[Expr]| items.iter().map(|item| make(item, vm)).collect::<PyResult<Vec<_>>>();
    Ok(match expr {
        Expr::BooleanLiteral(value) => vm.ctx.new_bool(value.value).into(),
        Expr::StringLiteral(value) => vm.ctx.new_str(value.value.to_str()).into(),
        Expr::BytesLiteral(value) => vm.ctx.new_bytes(value.value.bytes().collect()).into(),
        Expr::NumberLiteral(number) => self::number(&number.value, false, vm)?,
        Expr::UnaryOp(operation) => match &*operation.operand {
            Expr::NumberLiteral(number) => self::number(&number.value, true, vm)?,
            _ => vm.ctx.none(),
        },
        Expr::List(list) => vm.ctx.new_list(all(&list.elts)?).into(),
        Expr::Tuple(tuple) => vm.ctx.new_tuple(all(&tuple.elts)?).into(),
        Expr::Set(set) => set_order::literal(all(&set.elts)?, vm)?,
        Expr::Dict(dict) => {
            let made = vm.ctx.new_dict();
            for item in &dict.items {
                if let Some(key) = &item.key {
                    made.set_item(&*make(key, vm)?, make(&item.value, vm)?, vm)?;
                }
            }
            made.into()
        }
        _ => vm.ctx.none(),
    })
}

fn number(number: &Number, negative: bool, vm: &VirtualMachine) -> PyResult {
    Ok(match number {
        Number::Int(value) => {
            let value: BigInt = match value.as_i64() {
                Some(value) => value.into(),
                None => {
                    let text = value.to_string();
                    let (digits, radix) = match text.get(..2) {
                        Some("0x" | "0X") => (&text[2..], 16),
                        Some("0o" | "0O") => (&text[2..], 8),
                        Some("0b" | "0B") => (&text[2..], 2),
                        _ => (text.as_str(), 10),
                    };
                    BigInt::parse_bytes(digits.replace('_', "").as_bytes(), radix)
                        .ok_or_else(|| vm.new_value_error(format!("{text} is no number")))?
                }
            };
            vm.ctx.new_int(if negative { -value } else { value }).into()
        }
        Number::Float(value) => vm.ctx.new_float(if negative { -value } else { *value }).into(),
        Number::Complex { .. } => vm.ctx.none(),
    })
}
