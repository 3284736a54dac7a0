//! Small structs of which a column holds lists, such as the parameters of a function.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, BooleanBuilder, Int32Array, Int32Builder, ListArray, ListBuilder, StringArray,
    StringBuilder, StructArray, StructBuilder,
};
use arrow::datatypes::{DataType, Field, Fields};

use crate::cell::Cell;

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// A text; `None` for null.
    Text(Option<String>),
    /// A number.
    Number(i32),
    /// A truth value.
    Flag(bool),
}

impl FieldValue {
    /// The text; empty where it is null or no text.
    fn into_text(self) -> String {
        self.into_optional_text().unwrap_or_default()
    }

    /// The text; `None` where it is null or no text.
    fn into_optional_text(self) -> Option<String> {
        match self {
            FieldValue::Text(text) => text,
            _ => None,
        }
    }
}

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A text that is never null.
    Text,
    /// A text or null.
    OptionalText,
    /// A number that is never null.
    Number,
    /// A truth value that is never null.
    Flag,
}

impl FieldKind {
    fn data_type(self) -> DataType {
        match self {
            FieldKind::Text | FieldKind::OptionalText => DataType::Utf8,
            FieldKind::Number => DataType::Int32,
            FieldKind::Flag => DataType::Boolean,
        }
    }
}

/// A struct that columns hold in lists.
pub trait ListedStruct: Clone + std::fmt::Debug + 'static {
    /// The names and types of its fields.
    const FIELDS: &'static [(&'static str, FieldKind)];
    /// The value of the field with that number.
    fn value(&self, field: usize) -> FieldValue;
    /// The struct with these values, by the numbers of fields.
    fn from_values(value: impl Fn(usize) -> FieldValue) -> Self;
    /// Bytes it takes, roughly, to bound a batch.
    fn weight(&self) -> usize;
}

/// One parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// `positional_only`, `positional_or_keyword`, `keyword_only`, `var_positional` or `var_keyword`.
    pub kind: String,
    /// The annotation's source text; null when there is none.
    pub annotation: Option<String>,
    /// The default's source text; null when the argument is required.
    pub default: Option<String>,
}

impl ListedStruct for Parameter {
    const FIELDS: &'static [(&'static str, FieldKind)] = &[
        ("name", FieldKind::Text),
        ("kind", FieldKind::Text),
        ("annotation", FieldKind::OptionalText),
        ("default", FieldKind::OptionalText),
    ];

    fn value(&self, field: usize) -> FieldValue {
        FieldValue::Text(match field {
            0 => Some(self.name.clone()),
            1 => Some(self.kind.clone()),
            2 => self.annotation.clone(),
            _ => self.default.clone(),
        })
    }

    fn from_values(value: impl Fn(usize) -> FieldValue) -> Self {
        Parameter {
            name: value(0).into_text(),
            kind: value(1).into_text(),
            annotation: value(2).into_optional_text(),
            default: value(3).into_optional_text(),
        }
    }

    fn weight(&self) -> usize {
        self.name.len() + 40
    }
}

/// One module that a file imports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModuleImport {
    /// Its absolute dotted name; of a relative import that leaves the root, its text with the leading dots.
    pub module: String,
    /// `corpus`, `standard` or `missing`.
    pub leads_to: String,
    /// Path of the module's file in the corpus; null when `leads_to` is not `corpus`, and for a namespace package.
    pub path: Option<String>,
}

impl ListedStruct for ModuleImport {
    const FIELDS: &'static [(&'static str, FieldKind)] =
        &[("module", FieldKind::Text), ("leads_to", FieldKind::Text), ("path", FieldKind::OptionalText)];

    fn value(&self, field: usize) -> FieldValue {
        FieldValue::Text(match field {
            0 => Some(self.module.clone()),
            1 => Some(self.leads_to.clone()),
            _ => self.path.clone(),
        })
    }

    fn from_values(value: impl Fn(usize) -> FieldValue) -> Self {
        ModuleImport {
            module: value(0).into_text(),
            leads_to: value(1).into_text(),
            path: value(2).into_optional_text(),
        }
    }

    fn weight(&self) -> usize {
        self.module.len() + self.path.as_ref().map_or(0, String::len) + 20
    }
}

/// The part of a unit's source that belongs to one module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitSlice {
    /// The module's full name.
    pub module: String,
    /// Whether the module is a package.
    pub is_package: bool,
    /// Path of its file in the corpus; null for a package without a file.
    pub path: Option<String>,
    /// Its first line in the unit's source, 1-based.
    pub first_line: i32,
    /// Its lines; 0 for a module of which the unit needs nothing but that it is there.
    pub line_count: i32,
}

impl ListedStruct for UnitSlice {
    const FIELDS: &'static [(&'static str, FieldKind)] = &[
        ("module", FieldKind::Text),
        ("is_package", FieldKind::Flag),
        ("path", FieldKind::OptionalText),
        ("first_line", FieldKind::Number),
        ("line_count", FieldKind::Number),
    ];

    fn value(&self, field: usize) -> FieldValue {
        match field {
            0 => FieldValue::Text(Some(self.module.clone())),
            1 => FieldValue::Flag(self.is_package),
            2 => FieldValue::Text(self.path.clone()),
            3 => FieldValue::Number(self.first_line),
            _ => FieldValue::Number(self.line_count),
        }
    }

    fn from_values(value: impl Fn(usize) -> FieldValue) -> Self {
        let number = |field| match value(field) {
            FieldValue::Number(number) => number,
            _ => 0,
        };
        UnitSlice {
            module: value(0).into_text(),
            is_package: value(1) == FieldValue::Flag(true),
            path: value(2).into_optional_text(),
            first_line: number(3),
            line_count: number(4),
        }
    }

    fn weight(&self) -> usize {
        self.module.len() + self.path.as_ref().map_or(0, String::len) + 20
    }
}

fn fields<T: ListedStruct>() -> Fields {
    let field = |&(name, kind): &(&str, FieldKind)| Field::new(name, kind.data_type(), kind == FieldKind::OptionalText);
    T::FIELDS.iter().map(field).collect()
}

fn item<T: ListedStruct>() -> Field {
    Field::new("item", DataType::Struct(fields::<T>()), false)
}

impl<T: ListedStruct> Cell for Vec<T> {
    type Ref<'a> = &'a [T];
    type Builder = ListBuilder<StructBuilder>;
    type Array = ListArray;
    const NULLABLE: bool = false;
    fn data_type() -> DataType {
        DataType::List(Arc::new(item::<T>()))
    }
    fn builder() -> Self::Builder {
        ListBuilder::new(StructBuilder::from_fields(fields::<T>(), 0)).with_field(item::<T>())
    }
    fn borrow(&self) -> &[T] {
        self
    }
    fn owned(cell: &[T]) -> Self {
        cell.to_vec()
    }
    fn append(cell: &[T], _: usize, builder: &mut Self::Builder) {
        for value in cell {
            let row = builder.values();
            for field in 0..T::FIELDS.len() {
                match value.value(field) {
                    FieldValue::Text(text) => {
                        row.field_builder::<StringBuilder>(field)
                            .into_iter()
                            .for_each(|to| to.append_option(text.as_deref()));
                    }
                    FieldValue::Number(number) => {
                        row.field_builder::<Int32Builder>(field).into_iter().for_each(|to| to.append_value(number));
                    }
                    FieldValue::Flag(flag) => {
                        row.field_builder::<BooleanBuilder>(field).into_iter().for_each(|to| to.append_value(flag));
                    }
                }
            }
            row.append(true);
        }
        builder.append(true);
    }
    fn finish(builder: &mut Self::Builder, _: usize) -> ArrayRef {
        Arc::new(builder.finish())
    }
    fn read(array: &Self::Array, row: usize) -> Self {
        let values = array.value(row);
        let Some(values) = values.as_any().downcast_ref::<StructArray>() else { return Vec::new() };
        let text = |field: usize, row: usize| {
            let column = values.column(field).as_any().downcast_ref::<StringArray>()?;
            column.is_valid(row).then(|| column.value(row).to_owned())
        };
        let value = |field: usize, row: usize| {
            let column = values.column(field).as_any();
            if let Some(numbers) = column.downcast_ref::<Int32Array>() {
                FieldValue::Number(numbers.value(row))
            } else if let Some(flags) = column.downcast_ref::<BooleanArray>() {
                FieldValue::Flag(flags.value(row))
            } else {
                FieldValue::Text(text(field, row))
            }
        };
        (0..values.len()).map(|row| T::from_values(|field| value(field, row))).collect()
    }
    fn weight(cell: &[T]) -> usize {
        cell.iter().map(ListedStruct::weight).sum::<usize>() + 4
    }
}
