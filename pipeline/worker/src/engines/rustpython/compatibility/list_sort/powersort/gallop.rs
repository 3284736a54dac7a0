//! Galloping searches in a sorted stretch: they find near places fast. Called by `merge`.

/// The number of elements in front of the key, which goes before its equals.
pub(super) fn before<E>(
    less: &mut impl FnMut(u32, u32) -> Result<bool, E>,
    key: u32,
    stretch: &[u32],
    hint: usize,
) -> Result<usize, E> {
    gallop(stretch, hint, |element| less(element, key))
}

/// The number of elements in front of the key, which goes after its equals.
pub(super) fn after<E>(
    less: &mut impl FnMut(u32, u32) -> Result<bool, E>,
    key: u32,
    stretch: &[u32],
    hint: usize,
) -> Result<usize, E> {
    gallop(stretch, hint, |element| Ok(!less(key, element)?))
}

/// The number of elements in front of the place: in steps that double, away from the hint, then by binary search.
fn gallop<E>(stretch: &[u32], hint: usize, mut stands_before: impl FnMut(u32) -> Result<bool, E>) -> Result<usize, E> {
    let (mut near, mut far) = (0, 1);
    let (mut low, mut high);
    if stands_before(stretch[hint])? {
        let most = stretch.len() - hint;
        while far < most && stands_before(stretch[hint + far])? {
            (near, far) = (far, 2 * far + 1);
        }
        (low, high) = (hint + near + 1, hint + far.min(most));
    } else {
        let most = hint + 1;
        while far < most && !stands_before(stretch[hint - far])? {
            (near, far) = (far, 2 * far + 1);
        }
        (low, high) = (most - far.min(most), hint - near);
    }
    while low < high {
        let middle = usize::midpoint(low, high);
        if stands_before(stretch[middle])? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
