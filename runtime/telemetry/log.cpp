#include "runtime/telemetry/log.h"

#include "runtime/base/clock.h"
#include "runtime/base/json.h"

#include <atomic>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace troupe::log {

namespace {

std::atomic<Level> g_level{Level::warn};
std::atomic<bool> g_json{false};

constexpr std::string_view kNames[] = {"debug", "info", "warn", "error", "off"};

// spdlog brings the locking, flushing and level plumbing; the line itself is made here, because its
// patterns cannot quote fields as JSON.
spdlog::logger& sink() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("troupe", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

std::string as_text(Level level, std::string_view message, Fields fields) {
  std::string line =
      fmt::format("{} {:5} {}", rfc3339(SystemClock().wall_ms()), kNames[static_cast<int>(level)], message);
  for (const Field& field : fields) {
    line += fmt::format(" {}=", field.name);
    std::visit(
        [&](const auto& value) {
          using V = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<V, std::string_view>) {
            if (!value.empty() && value.find_first_of(" \"\n\t=") == value.npos)
              line += value;
            else
              append_quoted(line, value);
          } else {
            line += fmt::format("{}", value);
          }
        },
        field.value);
  }
  return line;
}

std::string as_json(Level level, std::string_view message, Fields fields) {
  std::string line = R"({"ts":")" + rfc3339(SystemClock().wall_ms()) + R"(","level":")";
  line += kNames[static_cast<int>(level)];
  line += R"(","message":)";
  append_quoted(line, message);
  for (const Field& field : fields) {
    line += ',';
    append_quoted(line, field.name);
    line += ':';
    std::visit(
        [&](const auto& value) {
          if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string_view>)
            append_quoted(line, value);
          else
            line += fmt::format("{}", value);
        },
        field.value);
  }
  line += '}';
  return line;
}

}  // namespace

void configure(Level level, Format format) {
  g_level = level;
  g_json = format == Format::json || (format == Format::automatic && !isatty(STDERR_FILENO));
}

bool enabled(Level level) {
  return level >= g_level.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view message, Fields fields) {
  sink().log(spdlog::level::info, g_json ? as_json(level, message, fields) : as_text(level, message, fields));
}

}  // namespace troupe::log
