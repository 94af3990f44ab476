//! The speeds as bars, on a logarithmic scale: the slowest is a thousandth of the fastest. On white, so that it can be
//! read on a dark page too.

use crate::report::{Row, grouped, percent};
use crate::rounds::CONNECTIONS;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const WIDTH: u32 = 920;
/// Pixels of one bar, with the gap below.
const BAR: u32 = 40;
/// Pixels for the names.
const NAMES: u32 = 240;
const TOP: u32 = 64;
const BOTTOM: u32 = 32;
const FRESH: RGBColor = RGBColor(0x1f, 0x6f, 0xb4);
const SHARED: RGBColor = RGBColor(0x9a, 0xa5, 0xb1);
const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
const PALE: RGBColor = RGBColor(0x57, 0x60, 0x6a);
const GRID: RGBColor = RGBColor(0xe1, 0xe4, 0xe8);

/// An SVG of the echoes a second with the most connections.
pub fn svg(rows: &[Row]) -> anyhow::Result<String> {
    let mut svg = String::new();
    let height = TOP + BAR * u32::try_from(rows.len())? + BOTTOM;
    let page = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
    page.fill(&WHITE)?;
    let speeds = || rows.iter().map(|row| row.per_second[1].max(1.0));
    let (least, most) = (speeds().fold(f64::INFINITY, f64::min), speeds().fold(1.0, f64::max));
    // A bar of a logarithmic scale has no natural beginning: a power of ten that leaves the shortest visible. Behind the
    // longest there is room for its number: a fifth of its length.
    let begin = 10_f64.powf((least / 1.5).log10().floor());
    let scale = (begin..most * (most / begin).powf(0.22)).log_scale();
    let chart = ChartBuilder::on(&page)
        .margin_top(TOP)
        .margin_right(8)
        .set_label_area_size(LabelAreaPosition::Left, NAMES)
        .set_label_area_size(LabelAreaPosition::Bottom, BOTTOM)
        .build_cartesian_2d(scale, 0..i32::try_from(rows.len())?)?;
    let text = |size: u32, ink: &'static RGBColor, across: HPos| {
        let style = TextStyle::from(("sans-serif", size).into_font());
        style.color(ink).pos(Pos::new(across, VPos::Center))
    };

    let title = format!("Echoes a second on one core, {} connections", CONNECTIONS[1]);
    page.draw_text(&title, &text(18, &INK, HPos::Left), (12, 20))?;
    for (left, color, what) in [
        (12, FRESH, "a fresh sandbox for every request"),
        (280, SHARED, "one for all, or none"),
    ] {
        page.draw(&Rectangle::new([(left, 38), (left + 14, 52)], color.filled()))?;
        page.draw_text(what, &text(13, &PALE, HPos::Left), (left + 20, 45))?;
    }

    let floor = i32::try_from(height - BOTTOM)?;
    let mut tick = begin;
    while tick <= most {
        let (x, _) = chart.backend_coord(&(tick, 0));
        page.draw(&PathElement::new([(x, i32::try_from(TOP)?), (x, floor)], GRID))?;
        page.draw_text(&grouped(tick), &text(12, &PALE, HPos::Center), (x, floor + 14))?;
        tick *= 10.0;
    }
    for (index, row) in rows.iter().enumerate() {
        let top = i32::try_from(TOP + BAR * u32::try_from(index)?)?;
        let middle = top + 18;
        let (left, _) = chart.backend_coord(&(begin, 0));
        let (right, _) = chart.backend_coord(&(row.per_second[1].max(1.0), 0));
        let color = if row.fresh { FRESH } else { SHARED };
        page.draw(&Rectangle::new([(left, top + 4), (right, top + 32)], color.filled()))?;
        page.draw_text(row.name, &text(15, &INK, HPos::Right), (left - 10, middle - 8))?;
        page.draw_text(row.isolation, &text(12, &PALE, HPos::Right), (left - 10, middle + 9))?;
        let label = format!("{} ({})", grouped(row.per_second[1]), percent(row.ratio[1]));
        page.draw_text(&label, &text(14, &INK, HPos::Left), (right + 6, middle))?;
    }
    page.present()?;
    drop(chart);
    drop(page);
    Ok(svg)
}
