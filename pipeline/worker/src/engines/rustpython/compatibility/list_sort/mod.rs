//! `list.sort` and `sorted` with CPython's comparisons in CPython's order. A program sees them where its comparisons
//! print, count or fail. Installed when an interpreter starts.

mod powersort;

use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyFloat, PyInt, PyList, PyStr, PyTuple, PyType},
    function::{Either, FuncArgs, ItemDoc, PyComparisonValue, PyMethodFlags},
    types::PyComparisonOp,
};

/// Puts both functions in place. Once an interpreter.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    let class = vm.ctx.types.list_type;
    let name = vm.ctx.intern_str("sort");
    if let Some(engines) = class.get_attr(name) {
        let sort = move |args: FuncArgs, vm: &VirtualMachine| -> PyResult {
            match options(&args) {
                Some((list, key, reverse)) if list.downcast_ref::<PyList>().is_some() => {
                    sort_list(list, key, reverse, vm)?;
                    Ok(vm.ctx.none())
                }
                // The interpreter's own method reports wrong arguments.
                _ => engines.call(args, vm),
            }
        };
        let doc = ItemDoc::static_text("Sort the list in ascending order and return None.");
        let method = vm.ctx.new_method_def("sort", sort, PyMethodFlags::METHOD, doc);
        class.set_attr(name, method.build_method(class, vm).into());
    }
    let engines = vm.builtins.get_attr("sorted", vm)?;
    let sorted = move |args: FuncArgs, vm: &VirtualMachine| -> PyResult {
        let Some((iterable, key, reverse)) = options(&args) else { return engines.call(args, vm) };
        let list = vm.ctx.types.list_type.as_object().call((iterable.clone(),), vm)?;
        sort_list(&list, key, reverse, vm)?;
        Ok(list)
    };
    vm.builtins.set_attr("sorted", vm.new_function("sorted", sorted), vm)
}

/// The object to sort, the key and `reverse`; `None` where the arguments are wrong.
fn options(args: &FuncArgs) -> Option<(&PyObjectRef, Option<&PyObjectRef>, Option<&PyObjectRef>)> {
    let [sorted] = args.args.as_slice() else { return None };
    let (key, reverse) = (args.kwargs.get("key"), args.kwargs.get("reverse"));
    let known = usize::from(key.is_some()) + usize::from(reverse.is_some());
    (known == args.kwargs.len()).then_some((sorted, key, reverse))
}

/// Sorts in place. The list is empty meanwhile; to fill it is an error.
fn sort_list(
    list: &PyObjectRef,
    key: Option<&PyObjectRef>,
    reverse: Option<&PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let Some(list) = list.downcast_ref::<PyList>() else { return Ok(()) };
    let reverse = reverse.map_or(Ok(false), |reverse| reverse.clone().try_to_bool(vm))?;
    let mut items = std::mem::take(&mut *list.borrow_vec_mut());
    let result = sort_items(&mut items, key.filter(|key| !vm.is_none(key)), reverse, vm);
    let meanwhile = {
        let mut now = list.borrow_vec_mut();
        std::mem::replace(&mut *now, items)
    };
    result?;
    if meanwhile.capacity() > 0 {
        return Err(vm.new_value_error("list modified during sort"));
    }
    Ok(())
}

fn sort_items(
    items: &mut Vec<PyObjectRef>,
    key: Option<&PyObjectRef>,
    reverse: bool,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let keys = match key {
        None => items.clone(),
        Some(key) => items.iter().map(|item| key.call((item.clone(),), vm)).collect::<PyResult<Vec<_>>>()?,
    };
    let Ok(count) = u32::try_from(items.len()) else { return Err(vm.new_memory_error("list too long to sort")) };
    let mut order: Vec<u32> = (0..count).collect();
    // Reversed before and after, so that equal elements keep their order.
    if reverse {
        order.reverse();
    }
    let comparison = KeyComparison::for_keys(&keys, vm);
    let result = powersort::sort(&mut order, |a, b| comparison.less(&keys[a as usize], &keys[b as usize], vm));
    if reverse {
        order.reverse();
    }
    *items = order.iter().map(|&at| items[at as usize].clone()).collect();
    result
}

/// How two keys are compared. CPython decides it from all keys before it begins.
enum KeyComparison {
    Ints,
    Texts,
    Floats,
    /// Tuples that are not empty. Their first elements are compared in this way where they differ.
    Tuples(Box<KeyComparison>),
    /// All keys have one class, whose comparison alone is called.
    OfOneClass,
    Any,
}

impl KeyComparison {
    fn for_keys(keys: &[PyObjectRef], vm: &VirtualMachine) -> Self {
        let firsts: Option<Vec<&PyObjectRef>> =
            keys.iter().map(|key| key.downcast_ref_if_exact::<PyTuple>(vm)?.as_slice().first()).collect();
        match firsts {
            Some(firsts) if !firsts.is_empty() => {
                let inner = Self::for_classes(firsts.iter().map(|first| first.class()), vm);
                let is_tuples = firsts[0].class().is(vm.ctx.types.tuple_type);
                KeyComparison::Tuples(Box::new(if is_tuples { KeyComparison::Any } else { inner }))
            }
            _ => Self::for_classes(keys.iter().map(|key| key.class()), vm),
        }
    }

    fn for_classes<'a>(mut classes: impl Iterator<Item = &'a Py<PyType>>, vm: &VirtualMachine) -> Self {
        let types = &vm.ctx.types;
        match classes.next() {
            Some(first) if classes.all(|class| class.is(first)) => match first {
                _ if first.is(types.int_type) => KeyComparison::Ints,
                _ if first.is(types.str_type) => KeyComparison::Texts,
                _ if first.is(types.float_type) => KeyComparison::Floats,
                _ => KeyComparison::OfOneClass,
            },
            _ => KeyComparison::Any,
        }
    }

    fn less(&self, a: &PyObject, b: &PyObject, vm: &VirtualMachine) -> PyResult<bool> {
        let known = match self {
            KeyComparison::Ints => both::<PyInt>(a, b).map(|(a, b)| a.as_bigint() < b.as_bigint()),
            KeyComparison::Texts => both::<PyStr>(a, b).map(|(a, b)| a.as_wtf8() < b.as_wtf8()),
            KeyComparison::Floats => both::<PyFloat>(a, b).map(|(a, b)| a.to_f64() < b.to_f64()),
            KeyComparison::Tuples(inner) => match both::<PyTuple>(a, b) {
                Some((a, b)) => return tuple_less(inner, a.as_slice(), b.as_slice(), vm),
                None => None,
            },
            KeyComparison::OfOneClass => own_less(a, b, vm)?,
            KeyComparison::Any => None,
        };
        match known {
            Some(less) => Ok(less),
            None => a.rich_compare_bool(b, PyComparisonOp::Lt, vm),
        }
    }
}

fn both<'a, T: rustpython_vm::PyPayload>(a: &'a PyObject, b: &'a PyObject) -> Option<(&'a Py<T>, &'a Py<T>)> {
    a.downcast_ref::<T>().zip(b.downcast_ref::<T>())
}

fn tuple_less(inner: &KeyComparison, a: &[PyObjectRef], b: &[PyObjectRef], vm: &VirtualMachine) -> PyResult<bool> {
    for (at, (a, b)) in a.iter().zip(b).enumerate() {
        if !vm.bool_eq(a, b)? {
            return if at == 0 { inner.less(a, b, vm) } else { a.rich_compare_bool(b, PyComparisonOp::Lt, vm) };
        }
    }
    Ok(a.len() < b.len())
}

/// The result of the first object's own comparison; `None` for `NotImplemented`.
fn own_less(a: &PyObject, b: &PyObject, vm: &VirtualMachine) -> PyResult<Option<bool>> {
    let Some(compare) = a.class().slots.richcompare.load() else { return Ok(None) };
    match compare(a, b, PyComparisonOp::Lt, vm)? {
        Either::B(PyComparisonValue::Implemented(less)) => Ok(Some(less)),
        Either::B(PyComparisonValue::NotImplemented) => Ok(None),
        Either::A(answer) if answer.is(&vm.ctx.not_implemented) => Ok(None),
        Either::A(answer) => answer.try_to_bool(vm).map(Some),
    }
}
