//! The SQL types of other crates' types, behind features named like the driver's.
//!
//! Where a Rust type fits several SQL types, the one stands here that a new column should have; `#[column(sql = "...")]` says another.

#[allow(unused_imports, reason = "without any of the features there is nothing to say")]
use super::standard::sql_types;

#[cfg(feature = "with-bit-vec-0_8")]
sql_types! { bit_vec_08::BitVec = "varbit"; }

#[cfg(feature = "with-chrono-0_4")]
sql_types! {
    chrono_04::NaiveDate = "date";
    chrono_04::NaiveTime = "time";
    chrono_04::NaiveDateTime = "timestamp";
    chrono_04::DateTime<chrono_04::Utc> = "timestamptz";
    chrono_04::DateTime<chrono_04::FixedOffset> = "timestamptz";
    chrono_04::DateTime<chrono_04::Local> = "timestamptz";
}

#[cfg(feature = "with-cidr-0_3")]
sql_types! {
    cidr_03::IpCidr = "cidr";
    cidr_03::IpInet = "inet";
}

#[cfg(feature = "with-eui48-1")]
sql_types! { eui48_1::MacAddress = "macaddr"; }

#[cfg(feature = "with-geo-types-0_7")]
sql_types! {
    geo_types_07::Point<f64> = "point";
    geo_types_07::Rect<f64> = "box";
    geo_types_07::LineString<f64> = "path";
}

#[cfg(feature = "with-jiff-0_2")]
sql_types! {
    jiff_02::civil::Date = "date";
    jiff_02::civil::Time = "time";
    jiff_02::civil::DateTime = "timestamp";
    jiff_02::Timestamp = "timestamptz";
}

#[cfg(feature = "with-rust_decimal-1")]
sql_types! { rust_decimal_1::Decimal = "numeric"; }

#[cfg(feature = "with-serde_json-1")]
sql_types! { serde_json_1::Value = "jsonb"; }

#[cfg(feature = "with-serde_json-1")]
impl<T> crate::SqlType for postgres::types::Json<T>
where
    T: serde_1::Serialize + for<'a> serde_1::Deserialize<'a> + std::fmt::Debug + Sync,
{
    const NAME: &'static str = "jsonb";
}

#[cfg(feature = "with-time-0_3")]
sql_types! {
    time_03::Date = "date";
    time_03::Time = "time";
    time_03::PrimitiveDateTime = "timestamp";
    time_03::OffsetDateTime = "timestamptz";
}

#[cfg(feature = "with-uuid-1")]
sql_types! { uuid_1::Uuid = "uuid"; }
