#include "plugins/check/validator.h"

#include "memory/knowledge/loaders/external.h"
#include "plugins/check/sample_input.h"
#include "plugins/verdict.h"
#include "runtime/async/nursery.h"
#include "runtime/base/sanitized.h"
#include "tools/json_schema.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

using Kind = Finding::Kind;

constexpr std::size_t kWarmUp = 100;       // calls before memory is looked at
constexpr std::int64_t kGrowthKib = 1024;  // of a worker's memory over all repeats that is no leak
constexpr Milliseconds kCancelAfter{5};    // into a call
constexpr std::size_t kAnswerShown = 120;  // bytes

class NoEvents final : public EventSink {
 public:
  void publish(Event) override {}
};

std::string shortened(const std::string& text) {
  const std::string line = text.substr(0, text.find('\n'));
  return line.size() <= kAnswerShown ? line : line.substr(0, kAnswerShown) + "…";
}

class Validator {
 public:
  Validator(Loop& loop, const LineMaker& make, ValidatorOptions options,
            std::function<void(const Finding&)> found)
      : loop_(loop), make_(make), options_(std::move(options)), found_(std::move(found)) {}

  Task<> run() {
    if (!co_await restart()) co_return;
    const PluginDescription description = instance_->description();
    tell(Kind::good, fmt::format("it loads, is `{}` {} and starts", description.name, description.version));
    for (std::size_t i = 0; i < description.services.size(); ++i) {
      const ServiceDescription& service = description.services[i];
      if (service.kind == "tool") {
        co_await try_tool(i, service);
      } else if (service.kind == "guardrail") {
        co_await try_guardrail(i, service);
      } else if (service.kind == "loader") {
        co_await try_loader(i, service);
      } else {
        tell(Kind::skipped, fmt::format("{} `{}`: this daemon does not know services of that kind",
                                        service.kind, service.name));
      }
      if (!instance_) break;
    }
    if (instance_) co_await instance_->end();
  }

 private:
  void tell(Kind kind, std::string text) { found_({kind, std::move(text)}); }

  Task<bool> restart() {
    if (instance_) co_await instance_->end();
    instance_.reset();
    auto started = co_await Instance::start(loop_, make_, options_.instance, stop_);
    if (started) {
      instance_ = std::move(*started);
    } else {
      tell(Kind::problem, started.error().message);
    }
    co_return instance_ != nullptr;
  }

  Task<Result<PluginAnswer>> call(std::size_t service, std::string input, Stop& stop) {
    CallContext context{.loop = loop_,
                        .stop = stop,
                        .deadline = Deadline::after(loop_.clock(), options_.call_time),
                        .events = events_};
    co_return co_await instance_->call(
        {.service = service, .input = std::move(input), .body = body_, .key = "plugin-check"}, context);
  }

  Task<> try_guardrail(std::size_t index, const ServiceDescription& guardrail) {
    const std::string what = fmt::format("guardrail `{}`", guardrail.name);
    const auto given = options_.inputs.find(guardrail.name);
    Json input = {
        {"side", "input"}, {"text", "a text to look at"}, {"settings", sample_input(guardrail.input_schema)}};
    if (given != options_.inputs.end()) input.update(given->second);
    form_ = [](const std::string& answer) -> Result<> {
      auto verdict = read_verdict(answer);
      if (!verdict) return fail(std::move(verdict.error()));
      return {};
    };
    co_await try_service(index, what, dump(input));
  }

  Task<> try_loader(std::size_t index, const ServiceDescription& loader) {
    const std::string what = fmt::format("loader `{}`", loader.name);
    auto formats = memory::loaders::read_formats(loader.features);
    if (formats && formats->endings.empty() && formats->types.empty() && formats->magics.empty())
      tell(Kind::warning,
           what +
               " says of no format that it reads it (`features`): it is used only for sources that name it");
    const auto given = options_.inputs.find(loader.name);
    Json input = {{"source", "example"}, {"type", ""}};
    if (formats && !formats->endings.empty()) input["source"] = "example." + formats->endings.front();
    if (given != options_.inputs.end()) input.update(given->second);
    const auto file = options_.files.find(loader.name);
    body_ = file == options_.files.end() ? "no file of its format\n" : file->second;
    form_ = [name = loader.name](const std::string& answer) -> Result<> {
      auto document = memory::loaders::read_external(answer, name);
      if (!document) return fail(std::move(document.error()));
      return {};
    };
    co_await try_service(index, what, dump(input));
  }

  Task<> try_service(std::size_t index, const std::string& what, const std::string& input) {
    co_await call_it(index, what, input);
    if (instance_) co_await cancel_it(index, what, input);
    if (instance_) co_await call_at_once(index, what, input);
    body_.clear();
    form_ = nullptr;
  }

  Task<> try_tool(std::size_t index, const ServiceDescription& tool) {
    const std::string what = fmt::format("tool `{}`", tool.name);
    const auto given = options_.inputs.find(tool.name);
    if (given == options_.inputs.end() && tool.effect != tools::Effect::pure && !options_.all) {
      tell(Kind::skipped,
           fmt::format("{} is {}: it may act in the world, so it was not called; --call '{}={{…}}' "
                       "or --all calls it",
                       what, tools::word(tool.effect), tool.name));
      co_return;
    }
    const Json input = given != options_.inputs.end() ? given->second : sample_input(tool.input_schema);
    if (!tool.input_schema.is_null()) {
      auto schema = tools::JsonSchema::compile(tool.input_schema);
      if (auto fits = schema ? schema->check(input) : fail(schema.error()); !fits) {
        tell(given != options_.inputs.end() ? Kind::problem : Kind::skipped,
             fmt::format("{}: {} does not fit its schema ({}); give an input with --call", what, dump(input),
                         fits.error().message));
        co_return;
      }
    }
    co_await try_service(index, what, dump(input));
  }

  Task<> call_it(std::size_t index, const std::string& what, const std::string& input) {
    const std::size_t again = instance_->finished_again();
    std::int64_t before = 0;
    std::optional<std::string> first;
    for (std::size_t i = 0; i < kWarmUp + options_.repeats; ++i) {
      if (i == kWarmUp) before = co_await instance_->peak_memory();
      auto answer = co_await call(index, input, stop_);
      if (!instance_->alive()) {
        tell(Kind::problem,
             fmt::format("{}: call {} ended its worker: {}", what, i + 1, answer.error().message));
        co_await restart();
        co_return;
      }
      if (answer && form_)
        if (auto good = form_(answer->text); !good) {
          tell(Kind::problem, fmt::format("{}: {}", what, good.error().message));
          co_return;
        }
      if (!first)
        first = answer ? fmt::format("answers “{}”", shortened(answer->text))
                       : fmt::format("answers with an error: {}", shortened(answer.error().message));
    }
    tell(Kind::good, fmt::format("{} {}", what, *first));
    const std::int64_t grown = co_await instance_->peak_memory() - before;
    // A sanitizer keeps what is freed for a while, which looks the same.
    if (grown > kGrowthKib && !kSanitized)
      tell(Kind::warning,
           fmt::format("{}: its memory grew by {} KiB over {} calls", what, grown, options_.repeats));
    else
      tell(Kind::good, fmt::format("{} was called {} times, each call ended once", what, options_.repeats));
    if (const std::size_t more = instance_->finished_again() - again; more > 0)
      tell(Kind::problem, fmt::format("{} finished {} calls more than once", what, more));
  }

  Task<> cancel_it(std::size_t index, const std::string& what, const std::string& input) {
    Stop stop;
    const auto alarm =
        loop_.at(loop_.clock().now() + kCancelAfter, [&stop] { stop.request(StopReason::cancelled); });
    auto answer = co_await call(index, input, stop);
    if (instance_->alive()) {
      tell(Kind::good, answer ? fmt::format("{} was done before it could be cancelled", what)
                              : fmt::format("{} ends when it is cancelled", what));
      co_return;
    }
    tell(Kind::warning,
         fmt::format("{} did not end within {} ms of being cancelled, so its worker was killed: "
                     "have a look at `cancel` or troupe_calls.cancelled",
                     what, options_.instance.cancel_grace.count()));
    co_await restart();
  }

  Task<> call_at_once(std::size_t index, const std::string& what, const std::string& input) {
    const std::size_t most = instance_->description().concurrent;
    if (most < 2) co_return;
    Nursery nursery(loop_);
    for (std::size_t i = 0; i < most; ++i)
      nursery.spawn("a call of many",
                    [this, index, &input]() -> Task<> { co_await call(index, input, stop_); });
    co_await nursery.join();
    if (instance_->alive()) {
      tell(Kind::good, fmt::format("{} took {} calls at once", what, most));
    } else {
      tell(Kind::problem, fmt::format("{}: {} calls at once ended its worker", what, most));
      co_await restart();
    }
  }

  Loop& loop_;
  const LineMaker& make_;
  const ValidatorOptions options_;
  const std::function<void(const Finding&)> found_;
  Stop stop_;
  NoEvents events_;
  std::unique_ptr<Instance> instance_;
  std::string body_;                                    // of the calls of what is tried
  std::function<Result<>(const std::string&)> form_{};  // that its answers must have; null: any
};

}  // namespace

Task<> validate(Loop& loop, const LineMaker& make, ValidatorOptions options,
                std::function<void(const Finding&)> found) {
  Validator validator(loop, make, std::move(options), std::move(found));
  co_await validator.run();
}

}  // namespace troupe::plugins
