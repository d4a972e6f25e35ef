#include "tools/toolbox.h"

#include "runtime/base/suggest.h"
#include "runtime/telemetry/log.h"
#include "tools/names.h"
#include "tools/observation.h"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

namespace troupe::tools {

struct Toolbox::Entry {
  std::string name;  ///< as models call it
  std::string key;   ///< in the table
  std::shared_ptr<Tool> tool;
  JsonSchema schema;
};

namespace {

constexpr std::size_t kSchemaShown = 1'200;  // bytes of a schema that a bad call is reminded of

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", static_cast<double>(time.count()) / 1000.0);
}

std::string reminder(const models::ToolDeclaration& declaration) {
  if (declaration.schema.size() > kSchemaShown) return "Call it again with arguments that fit its schema.";
  return fmt::format("Call it again with arguments that fit its schema: {}", declaration.schema);
}

// The tool's own Error, or why it has none to give. `begin` makes the coroutine: that may throw as well.
template <class T, class Begin>
Task<Result<T>> guarded(Tool& tool, Begin begin) {
  std::string escaped;
  try {
    auto call = begin();
    co_return co_await std::move(call);
  } catch (const std::exception& e) {
    escaped = e.what();
  }
  log::error("an exception escaped from a tool", {{"tool", tool.spec().declaration.name}, {"what", escaped}});
  co_return fail(ErrorCode::internal,
                 fmt::format("the tool failed unexpectedly ({}); do not repeat the same call", escaped));
}

}  // namespace

CallOutcome failed(Error error, std::size_t observation_max) {
  CallOutcome outcome;
  outcome.code = error.code;
  Clipped text = clip(std::move(error.message), observation_max);
  outcome.error = std::move(text.text);
  outcome.truncated = text.truncated;
  return outcome;
}

Toolbox::Toolbox() = default;
Toolbox::Toolbox(Toolbox&&) noexcept = default;
Toolbox& Toolbox::operator=(Toolbox&&) noexcept = default;
Toolbox::~Toolbox() = default;

Result<Toolbox> Toolbox::make(const ToolTable& table, const std::vector<std::string>& names,
                              CallLimits call_limits) {
  Toolbox box;
  box.limits_ = call_limits;
  auto declarations = std::make_shared<std::vector<models::ToolDeclaration>>();
  for (const std::string& written : names) {
    const std::vector<std::string> meant = tools_meant(table, written);
    if (meant.empty())
      return fail(ErrorCode::not_found,
                  fmt::format("there is no tool `{}`{}", written, did_you_mean(written, names_of(table))));
    for (const std::string& name : meant)
      if (auto added = box.add(name, table.find(name)->second, *declarations); !added)
        return fail(std::move(added.error()));
  }
  box.declarations_ = std::move(declarations);
  return box;
}

Result<> Toolbox::add(const std::string& name, const std::shared_ptr<Tool>& tool,
                      std::vector<models::ToolDeclaration>& declarations) {
  models::ToolDeclaration declaration = tool->spec().declaration;
  declaration.name = call_name(name);
  if (const Entry* there = find(declaration.name)) {
    if (there->key == name) return {};  // named twice is still one tool
    return fail(ErrorCode::conflict,
                fmt::format("the tools `{}` and `{}` would both be called `{}`; give one "
                            "of the two another name in `tools`",
                            there->key, name, declaration.name));
  }
  auto schema = JsonSchema::parse(declaration.schema);
  if (!schema) return within(fmt::format("the schema of tool `{}`", name), schema.error());
  entries_.push_back(Entry{declaration.name, name, tool, std::move(*schema)});
  declarations.push_back(std::move(declaration));
  return {};
}

const Toolbox::Entry* Toolbox::find(std::string_view name) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

bool Toolbox::has(std::string_view name) const {
  return find(name) != nullptr;
}

bool Toolbox::means(std::string_view written, std::string_view called) const {
  const Entry* entry = find(called);
  return entry && covers(written, entry->key);
}

Error Toolbox::unknown(std::string_view name) const {
  const std::string shown = clip(std::string(name), 64).text;
  if (entries_.empty())
    return Error{ErrorCode::not_found,
                 fmt::format("there is no tool `{}`: no tools are available. Answer without one.", shown)};
  std::vector<std::string> names;
  for (const Entry& entry : entries_) names.push_back(entry.name);
  return Error{
      ErrorCode::not_found,
      fmt::format("there is no tool `{}`{} Tools: {}. Call one of these, or answer.", shown,
                  names.size() > 0 && !did_you_mean(name, names).empty() ? did_you_mean(name, names) : ".",
                  fmt::join(names, ", "))};
}

Result<Prepared> Toolbox::prepare(std::string_view name, Json arguments) const {
  const Entry* entry = find(name);
  if (!entry) return fail(unknown(name));
  if (arguments.is_null()) arguments = Json::object();  // `Action Input: None`
  auto checked = entry->schema.validate(std::move(arguments));
  if (!checked)
    return fail(ErrorCode::invalid,
                fmt::format("the arguments of `{}` do not fit:\n{}\n{}", name, checked.error().message,
                            reminder(entry->tool->spec().declaration)));
  const ToolSpec& spec = entry->tool->spec();
  return Prepared{
      entry->tool,  entry->name, std::move(checked->value), std::move(checked->repairs), spec.effect,
      spec.version, ""};
}

Result<Prepared> Toolbox::prepare_text(std::string_view name, std::string_view arguments) const {
  const Entry* entry = find(name);
  if (!entry) return fail(unknown(name));
  if (arguments.find_first_not_of(" \t\r\n") == std::string_view::npos) return prepare(name, Json::object());
  auto parsed = parse_json(arguments, limits::kJsonDepth, limits::kMessageBytes);
  if (!parsed)
    return fail(ErrorCode::invalid,
                fmt::format("the arguments of `{}` are not valid JSON: {}. {}", name, parsed.error().message,
                            reminder(entry->tool->spec().declaration)));
  return prepare(name, std::move(*parsed));
}

/// How long a call may take, and until when.
struct Toolbox::Span {
  std::chrono::milliseconds time;
  Deadline deadline;
};

Toolbox::Span Toolbox::span_of(const Prepared& prepared, const CallContext& context) const {
  const ToolSpec& spec = prepared.tool->spec();
  const auto time = spec.timeout.count() > 0 ? std::min(spec.timeout, limits_.tool_time) : limits_.tool_time;
  return {time, spec.waits ? context.deadline
                           : Deadline::after(context.loop.clock(), time).sooner(context.deadline)};
}

CallOutcome Toolbox::seen(ToolOutput output) const {
  CallOutcome outcome;
  if (limits_.whole > 0 && output.text.size() > limits_.observation)
    outcome.whole = clip(output.text, limits_.whole).text;
  Clipped text = clip(std::move(output.text), limits_.observation);
  outcome.ok = true;
  outcome.output = std::move(text.text);
  outcome.truncated = text.truncated;
  outcome.sources = std::move(output.sources);
  outcome.ends = output.ends;
  return outcome;
}

Task<CallOutcome> Toolbox::run(Prepared prepared, CallContext& context) const {
  const Clock& clock = context.loop.clock();
  const Instant started = clock.now();
  const auto [time, deadline] = span_of(prepared, context);

  Stop stop(context.stop);
  // On the loop's stack, so the hooks below it run as usual; the tool ends its wait and returns.
  auto alarm = context.loop.at(deadline.at(), [&stop] { stop.request(StopReason::deadline); });
  CallContext inner{context.loop,    stop,        deadline,      context.events, context.principal,
                    context.session, context.run, context.agent, context.step};
  ToolInput input{std::move(prepared.arguments), std::move(prepared.idempotency_key),
                  std::move(prepared.numbers)};
  Tool& tool = *prepared.tool;
  auto result = co_await guarded<ToolOutput>(tool, [&] { return tool.call(std::move(input), inner); });
  alarm.reset();

  CallOutcome outcome;
  if (result) {
    outcome = seen(std::move(*result));
  } else if (context.stop.requested()) {
    outcome =
        failed(stopped(fmt::format("tool `{}`", prepared.name), context.stop.reason()), limits_.observation);
  } else if (stop.reason() == StopReason::deadline && result.error().code != ErrorCode::unavailable) {
    const bool own = deadline.at() != context.deadline.at();
    const bool once = prepared.effect == Effect::at_most_once;
    outcome = failed(
        Error{
            ErrorCode::timeout,
            own ? fmt::format("tool `{}` did not finish within {} and was stopped. {}Ask for less, or go on "
                              "without it.",
                              prepared.name, seconds(time),
                              once ? "Whether the call was carried out is not known: find out before you "
                                     "repeat it. "
                                   : "")
                : fmt::format("tool `{}` was stopped: the time of the whole run is up.", prepared.name)},
        limits_.observation);
  } else {
    outcome = failed(std::move(result.error()), limits_.observation);
  }
  outcome.ms = std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - started);
  co_return outcome;
}

Task<CallFate> Toolbox::fate(Prepared prepared, CallContext& context) const {
  const Deadline deadline = span_of(prepared, context).deadline;
  Stop stop(context.stop);
  auto alarm = context.loop.at(deadline.at(), [&stop] { stop.request(StopReason::deadline); });
  CallContext inner{context.loop,    stop,        deadline,      context.events, context.principal,
                    context.session, context.run, context.agent, context.step};
  Tool& tool = *prepared.tool;
  auto told = co_await guarded<CallStatus>(
      tool, [&] { return tool.status(std::move(prepared.idempotency_key), inner); });
  alarm.reset();
  if (!told) {
    log::warn("a tool could not say what became of a call",
              {{"tool", prepared.name}, {"why", told.error().message}});
    co_return CallFate{};
  }
  CallFate fate{.kind = told->kind};
  if (fate.kind == CallStatus::Kind::done) fate.outcome = seen(std::move(told->output));
  co_return fate;
}

Task<CallOutcome> Toolbox::call(std::string name, Json arguments, CallContext& context) const {
  auto prepared = prepare(name, std::move(arguments));
  if (!prepared) co_return failed(std::move(prepared.error()), limits_.observation);
  co_return co_await run(std::move(*prepared), context);
}

}  // namespace troupe::tools
