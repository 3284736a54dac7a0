//! Structs of texts, of which a column holds lists, such as the parameters of a function.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, ListBuilder, StringArray, StringBuilder, StructArray, StructBuilder};
use arrow::datatypes::{DataType, Field, Fields};

use crate::cell::Cell;

/// A struct whose fields are all texts.
pub trait TextStruct: Clone + std::fmt::Debug + 'static {
    /// The names of its fields, each with whether null is a value.
    const FIELDS: &'static [(&'static str, bool)];
    /// The text of the field with that number.
    fn text(&self, field: usize) -> Option<&str>;
    /// The struct with these texts, by the numbers of fields.
    fn from_texts(text: impl Fn(usize) -> Option<String>) -> Self;
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

impl TextStruct for Parameter {
    const FIELDS: &'static [(&'static str, bool)] =
        &[("name", false), ("kind", false), ("annotation", true), ("default", true)];

    fn text(&self, field: usize) -> Option<&str> {
        match field {
            0 => Some(&self.name),
            1 => Some(&self.kind),
            2 => self.annotation.as_deref(),
            _ => self.default.as_deref(),
        }
    }

    fn from_texts(text: impl Fn(usize) -> Option<String>) -> Self {
        Parameter {
            name: text(0).unwrap_or_default(),
            kind: text(1).unwrap_or_default(),
            annotation: text(2),
            default: text(3),
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

impl TextStruct for ModuleImport {
    const FIELDS: &'static [(&'static str, bool)] = &[("module", false), ("leads_to", false), ("path", true)];

    fn text(&self, field: usize) -> Option<&str> {
        match field {
            0 => Some(&self.module),
            1 => Some(&self.leads_to),
            _ => self.path.as_deref(),
        }
    }

    fn from_texts(text: impl Fn(usize) -> Option<String>) -> Self {
        ModuleImport { module: text(0).unwrap_or_default(), leads_to: text(1).unwrap_or_default(), path: text(2) }
    }

    fn weight(&self) -> usize {
        self.module.len() + self.path.as_ref().map_or(0, String::len) + 20
    }
}

fn fields<T: TextStruct>() -> Fields {
    T::FIELDS.iter().map(|&(name, nullable)| Field::new(name, DataType::Utf8, nullable)).collect()
}

fn item<T: TextStruct>() -> Field {
    Field::new("item", DataType::Struct(fields::<T>()), false)
}

impl<T: TextStruct> Cell for Vec<T> {
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
                if let Some(texts) = row.field_builder::<StringBuilder>(field) {
                    texts.append_option(value.text(field));
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
        (0..values.len()).map(|row| T::from_texts(|field| text(field, row))).collect()
    }
    fn weight(cell: &[T]) -> usize {
        cell.iter().map(TextStruct::weight).sum::<usize>() + 4
    }
}
