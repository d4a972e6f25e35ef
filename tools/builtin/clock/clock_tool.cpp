#include "tools/builtin/clock/clock_tool.h"

#include "tools/builtin/clock/dates.h"

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr std::size_t kZonesMax = 64;

constexpr const char* kDescription =
    "Tells the date and time now in any time zone, with the weekday; adds a span to a date; counts the days "
    "between two "
    "dates. Use it whenever an answer depends on today.";

constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "operation": {"type": "string", "enum": ["now", "add", "between", "convert"],
                  "description": "now (default): the current time; add: `time` plus the given span; between: from `time` to `until`; convert: `time` of `from_timezone` as it is in `timezone`"},
    "timezone": {"type": "string", "maxLength": 64, "description": "IANA name such as Asia/Seoul"},
    "time": {"type": "string", "maxLength": 64, "description": "ISO 8601 date or date and time, e.g. 2026-11-20 or 2026-11-20T18:30; now when left out"},
    "until": {"type": "string", "maxLength": 64, "description": "between: the other date; now when left out"},
    "from_timezone": {"type": "string", "maxLength": 64, "description": "convert: the zone `time` is given in"},
    "years": {"type": "integer"}, "months": {"type": "integer"}, "weeks": {"type": "integer"},
    "days": {"type": "integer", "description": "add: how many; may be negative"},
    "hours": {"type": "integer"}, "minutes": {"type": "integer"}
  },
  "additionalProperties": false
})json";

std::string described(std::int64_t utc, const TimeZone& zone) {
  const TimeZone::Offset offset = zone.at(utc);
  const std::int64_t local = utc + offset.seconds;
  return fmt::format("{} ({}, {}, UTC{}, week {})", iso8601(utc, zone), weekday_name(local), zone.name(),
                     offset_text(offset.seconds), iso_week(local));
}

std::int64_t integer_or_zero(const Json& arguments, const char* name) {
  const Json* value = find(arguments, name);
  if (!value || !value->is_number()) return 0;
  const double number = value->get<double>();
  return number > 1e15 || number < -1e15 ? 1'000'000'000'000'000 : static_cast<std::int64_t>(number);
}

Span span_of(const Json& arguments) {
  return Span{integer_or_zero(arguments, "years"), integer_or_zero(arguments, "months"),
              integer_or_zero(arguments, "weeks"), integer_or_zero(arguments, "days"),
              integer_or_zero(arguments, "hours"), integer_or_zero(arguments, "minutes")};
}

// A time that was given, or now.
Result<WrittenTime> given_or_now(const Json& arguments, const char* name, std::int64_t now,
                                 const TimeZone& zone) {
  const std::string text = string_or(arguments, name);
  if (!text.empty()) return parse_time(text);
  WrittenTime time;
  time.offset = zone.at(now).seconds;
  time.local = now + time.offset;
  time.has_time = time.has_offset = true;
  return time;
}

std::string date_only(std::int64_t local) {
  return iso8601(local, TimeZone()).substr(0, 10);
}

Result<std::string> added(const WrittenTime& start, const Span& span, const TimeZone& zone) {
  const std::int64_t local =
      start.has_offset ? start.utc(zone) + zone.at(start.utc(zone)).seconds : start.local;
  // Days go by the calendar, hours by the clock on the wall where no offset says otherwise.
  const auto days = add_span(local, Span{span.years, span.months, span.weeks, span.days, 0, 0});
  if (!days) return fail(days.error());
  if (!start.has_time && span.hours == 0 && span.minutes == 0)
    return fmt::format("{} ({})", date_only(*days), weekday_name(*days));
  const auto moment = add_span(zone.to_utc(*days), Span{0, 0, 0, 0, span.hours, span.minutes});
  if (!moment) return fail(moment.error());
  return described(*moment, zone);
}

std::string between(const WrittenTime& a, const WrittenTime& b, const TimeZone& zone) {
  const std::int64_t first = a.utc(zone), second = b.utc(zone);
  const std::int64_t from = first + zone.at(first).seconds, to = second + zone.at(second).seconds;
  const bool backwards = to < from;
  const std::int64_t low = backwards ? to : from, high = backwards ? from : to;
  const bool whole_days = !a.has_time && !b.has_time;
  const std::int64_t day_count = whole_days ? (high - low) / 86'400 : (std::abs(second - first)) / 86'400;
  const std::string calendar = calendar_difference(low, high);
  const std::string count = fmt::format("{} day{}", day_count, day_count == 1 ? "" : "s");
  std::string text = backwards ? fmt::format("-{}", count) : count;
  if (calendar != count) text += fmt::format(" ({})", calendar);
  return fmt::format("{} from {} to {}", text, whole_days ? date_only(from) : iso8601(first, zone),
                     whole_days ? date_only(to) : iso8601(second, zone));
}

}  // namespace

Result<std::unique_ptr<Tool>> ClockTool::make(const ToolSettings& settings, const Clock& clock) {
  auto home = TimeZone::load(settings.timezone.empty() ? "UTC" : settings.timezone);
  if (!home) return fail(home.error());
  return std::unique_ptr<Tool>(new ClockTool(settings, clock, std::move(*home)));
}

ClockTool::ClockTool(const ToolSettings& settings, const Clock& clock, TimeZone home)
    : clock_(clock), home_(settings.timezone.empty() ? "UTC" : settings.timezone) {
  spec_.declaration = {settings.name,
                       settings.description.empty()
                           ? fmt::format("{} Its own zone is {}.", kDescription, home_)
                           : settings.description,
                       kSchema};
  spec_.effect = Effect::pure;
  zones_.emplace(home_, std::move(home));
}

Result<const TimeZone*> ClockTool::zone(const std::string& name) {
  const std::string& wanted = name.empty() ? home_ : name;
  if (const auto known = zones_.find(wanted); known != zones_.end()) return &known->second;
  auto loaded = TimeZone::load(wanted);
  if (!loaded) return fail(loaded.error());
  if (zones_.size() >= kZonesMax)
    std::erase_if(zones_, [this](const auto& entry) { return entry.first != home_; });
  return &zones_.insert_or_assign(wanted, std::move(*loaded)).first->second;
}

Result<std::string> ClockTool::answer(const Json& arguments) {
  const std::int64_t now = clock_.wall_ms() / 1000;
  const std::string operation = string_or(arguments, "operation", "now");
  if (operation == "convert") {
    // Loaded first: loading another zone may drop it.
    const auto from = zone(string_or(arguments, "from_timezone"));
    if (!from) return fail(from.error());
    const auto time = given_or_now(arguments, "time", now, **from);
    if (!time) return fail(time.error());
    const std::int64_t moment = time->utc(**from);
    const auto target = zone(string_or(arguments, "timezone"));
    if (!target) return fail(target.error());
    return described(moment, **target);
  }
  const auto local = zone(string_or(arguments, "timezone"));
  if (!local) return fail(local.error());
  if (operation == "now") return described(now, **local);
  const auto time = given_or_now(arguments, "time", now, **local);
  if (!time) return fail(time.error());
  if (operation == "add") return added(*time, span_of(arguments), **local);
  if (operation != "between")
    return fail(ErrorCode::invalid,
                fmt::format("there is no operation `{}`; use now, add, between or convert", operation));
  auto until = given_or_now(arguments, "until", now, **local);
  if (!until) return fail(until.error());
  // "Days until 2026-12-25" counts dates: today without its time of day.
  WrittenTime first = *time;
  for (auto [side, other, name] :
       {std::tuple{&first, &*until, "time"}, std::tuple{&*until, &first, "until"}}) {
    if (!string_or(arguments, name).empty() || other->has_time) continue;
    side->local -= ((side->local % 86'400) + 86'400) % 86'400;
    side->has_time = side->has_offset = false;
  }
  return between(first, *until, **local);
}

Task<Result<ToolOutput>> ClockTool::call(ToolInput input, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped("clock", context.stop.reason()));
  auto text = answer(input.arguments);
  if (!text) co_return fail(text.error());
  co_return ToolOutput{std::move(*text), {}};
}

}  // namespace troupe::tools
