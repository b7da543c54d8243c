//! Enums and domains of the application: what their derives call.

use std::error::Error;

use postgres::types::private::BytesMut;
use postgres::types::{FromSql, IsNull, Kind, ToSql, Type, WrongType};

/// An enum that stands for an enum type of PostgreSQL. Derived with `#[derive(Enum)]`.
///
/// ```
/// use schema_runtime::EnumType;
/// #[derive(schema_runtime::Enum, Debug, PartialEq)]
/// enum Mood { Sad, #[label("so-so")] Ok, VeryHappy }
/// assert_eq!(Mood::LABELS, ["sad", "so-so", "very_happy"]);
/// assert_eq!(Mood::Ok.label(), "so-so");
/// assert_eq!(Mood::from_label("very_happy"), Some(Mood::VeryHappy));
/// ```
pub trait EnumType: Sized {
    /// The type's name, without its PostgreSQL schema.
    const TYPE: &'static str;

    /// The labels in the order of the variants.
    const LABELS: &'static [&'static str];

    /// The label of a variant.
    fn label(&self) -> &'static str;

    /// The variant of a label.
    fn from_label(label: &str) -> Option<Self>;
}

/// What conversions fail with.
#[doc(hidden)]
pub type BoxError = Box<dyn Error + Sync + Send>;

#[doc(hidden)]
pub fn read_label<T: EnumType>(raw: &[u8]) -> Result<T, BoxError> {
    let label = std::str::from_utf8(raw)?;
    T::from_label(label).ok_or_else(|| {
        let known = T::LABELS.join("`, `");
        format!("enum `{}` has the label `{label}`, and this program knows `{known}`", T::TYPE).into()
    })
}

#[doc(hidden)]
pub fn write_label<T: EnumType>(value: &T, out: &mut BytesMut) -> Result<IsNull, BoxError> {
    out.extend_from_slice(value.label().as_bytes());
    Ok(IsNull::No)
}

/// By name: labels may differ for a while, when the program is older or newer than the database.
#[doc(hidden)]
pub fn accepts_enum(ty: &Type, name: &str) -> bool {
    match ty.kind() {
        Kind::Enum(_) => ty.name() == name,
        Kind::Domain(base) => accepts_enum(base, name),
        _ => false,
    }
}

/// The server announces a domain as its base type in rows, and as itself in parameters.
#[doc(hidden)]
pub fn accepts_domain(ty: &Type, name: &str, base_accepts: fn(&Type) -> bool) -> bool {
    match ty.kind() {
        Kind::Domain(base) if ty.name() == name => base_accepts(ty) || accepts_domain(base, name, base_accepts),
        _ => base_accepts(ty),
    }
}

#[doc(hidden)]
pub fn read_domain<'a, T: FromSql<'a>>(ty: &Type, raw: &'a [u8]) -> Result<T, BoxError> {
    T::from_sql(base(ty, T::accepts), raw)
}

#[doc(hidden)]
pub fn write_domain<T: ToSql>(value: &T, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
    value.to_sql(base(ty, T::accepts), out)
}

/// The type that the inner value sees: the domain itself when it knows it, else what the domain is over.
fn base(ty: &Type, accepts: fn(&Type) -> bool) -> &Type {
    match ty.kind() {
        Kind::Domain(base) if !accepts(ty) => self::base(base, accepts),
        _ => ty,
    }
}

#[doc(hidden)]
pub fn checked<T: ToSql>(value: &T, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
    if T::accepts(ty) { value.to_sql(ty, out) } else { Err(Box::new(WrongType::new::<T>(ty.clone()))) }
}
