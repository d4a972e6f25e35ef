#include "plugins/check/validator.h"

#include "memory/knowledge/loaders/external.h"
#include "plugins/check/index_trial.h"
#include "plugins/check/misfits.h"
#include "plugins/check/repeats.h"
#include "plugins/check/sample_input.h"
#include "plugins/host/fitting.h"
#include "plugins/memory_messages.h"
#include "plugins/model_messages.h"
#include "plugins/plugin_embedder.h"
#include "plugins/plugin_memory.h"
#include "plugins/plugin_model.h"
#include "plugins/providers.h"
#include "plugins/verdict.h"
#include "runtime/async/nursery.h"
#include "runtime/base/sanitized.h"
#include "runtime/base/utf8.h"
#include "tools/observation.h"

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
// Calls of a model or an embedder: each may take long, and may cost something.
constexpr std::size_t kProviderRepeats = 20;

class NoEvents final : public EventSink {
 public:
  void publish(Event) override {}
};

/// How one service is tried.
struct Tried {
  std::size_t index = 0;
  std::string what;  ///< "tool `greet`"
  std::string input;
  std::string body = {};  ///< bytes beside the input
  std::size_t warm_up = kWarmUp;
  std::size_t repeats = 0;
  Milliseconds grace{0};
  /// What it answered, in words; an error where it is not as the kind says. `streamed`: its parts.
  std::function<Result<std::string>(const PluginAnswer&, const std::string& streamed)> judge;
};

std::string shortened(const std::string& text) {
  const std::string line = text.substr(0, text.find('\n'));
  return line.size() <= kAnswerShown ? line : std::string(tools::beginning(line, kAnswerShown)) + "…";
}

/// Where a text is no UTF-8, in words.
std::optional<std::string> odd_byte(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = utf8_character(text, at);
    if (bytes == 0)
      return fmt::format("byte {} of {} is 0x{:02x}", at + 1, text.size(),
                         static_cast<unsigned char>(text[at]));
    at += bytes;
  }
  return std::nullopt;
}

class Validator {
 public:
  Validator(Loop& loop, const LineMaker& make, ValidatorOptions options,
            std::function<void(const Finding&)> found)
      : loop_(loop), make_(make), options_(std::move(options)), found_(std::move(found)) {
    // Before `init` is given a configuration that it need not expect.
    options_.instance.accept = [this](const PluginDescription& loaded) -> Result<> {
      misfits_ = misfits(options_, loaded);
      if (misfits_.empty()) return {};
      return fail(ErrorCode::invalid, misfits_.front());
    };
  }

  Task<> run() {
    if (!co_await restart()) co_return;
    const PluginDescription description = instance_->description();
    tell(Kind::good, fmt::format("it loads, is `{}` {} and starts", description.name, description.version));
    for (std::size_t i = 0; i < description.services.size(); ++i) {
      const ServiceDescription& service = description.services[i];
      if (service.kind == "tool") {
        co_await try_tool(i, service);
      } else if (service.kind == kModelKind || service.kind == kEmbedderKind) {
        co_await try_provider(i, service);
      } else if (service.kind == "guardrail") {
        co_await try_guardrail(i, service);
      } else if (service.kind == "loader") {
        co_await try_loader(i, service);
      } else if (service.kind == "index") {
        co_await try_index(i, service);
      } else if (service.kind == kMemoryKind) {
        co_await try_memory(i, service);
      } else {
        tell(Kind::skipped, fmt::format("{} `{}`: this daemon does not know services of that kind",
                                        service.kind, service.name));
      }
      if (!instance_) break;
    }
    co_await end_instance();
    tell_late_finishes();
  }

 private:
  void tell(Kind kind, std::string text) { found_({kind, std::move(text)}); }
  Instant now() const { return loop_.clock().now(); }

  Task<> end_instance() {
    if (!instance_) co_return;
    co_await instance_->end();
    again_before_ += instance_->finished_again();
    instance_.reset();
  }

  Task<bool> restart() {
    co_await end_instance();
    auto started = co_await Instance::start(loop_, make_, options_.instance, stop_);
    if (started) {
      instance_ = std::move(*started);
    } else if (misfits_.empty()) {
      tell(Kind::problem, started.error().message);
    }
    for (std::string& misfit : misfits_) tell(Kind::misuse, std::move(misfit));
    co_return instance_ != nullptr;
  }

  /// Finishes of calls that had been finished, of all instances.
  std::size_t again() const { return again_before_ + (instance_ ? instance_->finished_again() : 0); }

  /// What came when its service had been judged already.
  void tell_late_finishes() {
    if (const std::size_t more = again() - told_again_; more > 0)
      tell(Kind::problem,
           fmt::format("{} finished a call that had ended {} more times, after its last call", tried_, more));
    told_again_ = again();
  }

  /// Whether made-up options fit; what they are for is told to be left out where not.
  bool sample_fits(const std::string& what, const Json& sample, const ServiceDescription& service,
                   std::string_view key) {
    const auto fits = check_fits(sample, service.input_schema, key);
    if (!fits)
      tell(Kind::skipped, fmt::format("{}: {} was made up and does not fit ({}); give it with --call", what,
                                      dump(sample), fits.error().message));
    return fits.has_value();
  }

  Task<Result<PluginAnswer>> call(const Tried& tried, Stop& stop, std::string* streamed = nullptr) {
    CallContext context{.loop = loop_,
                        .stop = stop,
                        .deadline = Deadline::after(loop_.clock(), options_.call_time),
                        .events = events_};
    std::function<void(std::string_view)> part;
    if (streamed) part = [streamed](std::string_view text) { *streamed += text; };
    auto answer = co_await instance_->call({.service = tried.index,
                                            .input = tried.input,
                                            .body = tried.body,
                                            .key = "plugin-check",
                                            .grace = tried.grace},
                                           context, std::move(part));
    if (instance_->alive()) ++ended_;
    co_return answer;
  }

  Task<> try_it(Tried tried) {
    tell_late_finishes();
    tried_ = tried.what;
    ended_ = 0;
    quickest_ = Instant::duration::max();
    Repeats repeats(tried.warm_up, tried.repeats, options_.repeats_time, now());
    const bool good = co_await call_it(tried, repeats);
    if (good && instance_) co_await cancel_it(tried);
    if (good && instance_) co_await call_at_once(tried);
    // What the worker said before it answers this has been heard then.
    if (instance_) co_await instance_->peak_memory();
    if (const std::size_t more = again() - told_again_; more > 0)
      tell(Kind::problem,
           fmt::format("{} finished a call that had ended {} times, in {} calls", tried.what, more, ended_));
    else if (good)
      tell(Kind::good, fmt::format("{} was called {} times, each call ended once{}", tried.what, ended_,
                                   cut_short(repeats)));
    told_again_ = again();
  }

  /// What to add where there were fewer repeats than wanted.
  static std::string cut_short(const Repeats& repeats) {
    if (repeats.judged() >= repeats.wanted()) return "";
    return fmt::format("; its time of {} s was over after {} of {} repeats",
                       static_cast<double>(repeats.time().count()) / 1000, repeats.judged(),
                       repeats.wanted());
  }

  /// `before`: what its worker had had of memory when judging began.
  Task<> judge_memory(const std::string& what, const Repeats& repeats, std::int64_t before) {
    // A sanitizer keeps what is freed for a while, which looks like growth.
    if (kSanitized || options_.sanitized) co_return;
    const std::int64_t after = co_await instance_->peak_memory();
    if (repeats.judged() == 0 || before == 0 || after == 0)
      tell(Kind::skipped, fmt::format("{}: whether its memory grows was not judged: {}", what,
                                      repeats.judged() == 0 ? "its first calls took all of its time"
                                                            : "its worker did not say how much it has"));
    else if (after - before > kGrowthKib)
      tell(Kind::warning, fmt::format("{}: its memory grew by {} KiB over {} calls", what, after - before,
                                      repeats.judged()));
    else
      tell(Kind::good, fmt::format("{}: its memory grew by no more than {} KiB over {} calls", what,
                                   kGrowthKib, repeats.judged()));
  }

  // A request as a conversation has it, or as a search has it.
  Task<> try_provider(std::size_t index, const ServiceDescription& service) {
    const bool model = service.kind == kModelKind;
    const Json texts = {"A cat sits on the mat.", "경복궁은 서울에 있다."};
    Json input = model ? Json{{"system", "Be brief."},
                              {"messages", {{{"role", "user"}, {"text", "Say hello."}}}},
                              {"max_tokens", 50},
                              {"stream", true}}
                       : Json{{"for", "document"}, {"texts", texts}};
    if (const auto given = options_.inputs.find(service.name); given != options_.inputs.end())
      input = given->second;
    const Json* sent = find(input, "texts");
    const std::size_t count = sent && sent->is_array() ? sent->size() : 0;
    co_await try_it({.index = index,
                     .what = fmt::format("{} `{}`", service.kind, service.name),
                     .input = dump(input),
                     .warm_up = 1,
                     .repeats = std::min(options_.repeats, kProviderRepeats),
                     .grace = kModelGrace,
                     .judge = model ? judge_model : judge_embedder(count)});
  }

  static Result<std::string> judge_model(const PluginAnswer& answer, const std::string& streamed) {
    auto reply = read_model_answer(answer.text, streamed, "plugin-check", 1);
    if (!reply) return fail(std::move(reply.error()));
    return fmt::format("answers “{}”{}{}", shortened(reply->text), streamed.empty() ? "" : ", streamed",
                       reply->usage.estimated ? ", without counting tokens" : "");
  }
  static std::function<Result<std::string>(const PluginAnswer&, const std::string&)> judge_embedder(
      std::size_t texts) {
    return [texts](const PluginAnswer& answer, const std::string&) -> Result<std::string> {
      auto vectors = read_vectors(answer.text, answer.body, texts, 0);
      if (!vectors) return fail(std::move(vectors.error()));
      return fmt::format("gives vectors of {} dimensions", vectors->dimensions);
    };
  }

  Task<> try_guardrail(std::size_t index, const ServiceDescription& guardrail) {
    const std::string what = fmt::format("guardrail `{}`", guardrail.name);
    const auto given = options_.inputs.find(guardrail.name);
    Json input = {
        {"side", "input"}, {"text", "a text to look at"}, {"settings", sample_input(guardrail.input_schema)}};
    if (given != options_.inputs.end()) input.update(given->second);
    if (!sample_fits(what, input["settings"], guardrail, "settings")) co_return;
    co_await try_it({.index = index,
                     .what = what,
                     .input = dump(input),
                     .repeats = options_.repeats,
                     .judge = [](const PluginAnswer& answer, const std::string&) -> Result<std::string> {
                       auto verdict = read_verdict(answer.text);
                       if (!verdict) return fail(std::move(verdict.error()));
                       return fmt::format("answers “{}”", shortened(answer.text));
                     }});
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
    co_await try_it({.index = index,
                     .what = what,
                     .input = dump(input),
                     .body = file == options_.files.end() ? "no file of its format\n" : file->second,
                     .repeats = options_.repeats,
                     .judge = [name = loader.name](const PluginAnswer& answer,
                                                   const std::string&) -> Result<std::string> {
                       auto document = memory::loaders::read_external(answer.text, name);
                       if (!document) return fail(std::move(document.error()));
                       return fmt::format("answers “{}”", shortened(answer.text));
                     }});
  }

  /// Whether it chooses and notes as it should, of a short conversation.
  Task<> try_memory(std::size_t index, const ServiceDescription& memory) {
    const auto given = options_.inputs.find(memory.name);
    const Json turns = {{{"user", "Remember that my name is Mina."}, {"assistant", "I shall, Mina."}},
                        {{"user", "경복궁은 어디에 있어?"}, {"assistant", "서울에 있습니다."}},
                        {{"user", "Are you there?"}}};
    const std::size_t count = turns.size();
    Json input = {{"turns", turns}, {"max_tokens", 2'000}, {"options", sample_input(memory.input_schema)}};
    if (given != options_.inputs.end()) input.update(given->second);
    if (!sample_fits(fmt::format("memory `{}`", memory.name), input["options"], memory, "options")) co_return;
    const auto tried = [&](std::string_view does, auto judge) {
      Json asked = {{"do", does}};
      asked.update(input);
      if (does == "recall") asked["message"] = "What is my name?";
      return Tried{.index = index,
                   .what = fmt::format("memory `{}`, {}", memory.name, does),
                   .input = dump(asked),
                   .repeats = options_.repeats,
                   .judge = std::move(judge)};
    };
    co_await try_it(
        tried("recall", [count](const PluginAnswer& answer, const std::string&) -> Result<std::string> {
          auto choice = read_choice(answer.text, count);
          if (!choice) return fail(std::move(choice.error()));
          return fmt::format("chooses {} of {} turns", choice->places.size(), count);
        }));
    if (!instance_) co_return;
    co_await try_it(
        tried("settle", [count](const PluginAnswer& answer, const std::string&) -> Result<std::string> {
          auto notes = read_notes(answer.text, count);
          if (!notes) return fail(std::move(notes.error()));
          return *notes ? fmt::format("notes “{}”", shortened((*notes)->text)) : "notes nothing";
        }));
  }

  Task<Result<PluginAnswer>> call_index(std::size_t service, const Json& input, std::string body) {
    CallContext context{.loop = loop_,
                        .stop = stop_,
                        .deadline = Deadline::after(loop_.clock(), options_.call_time),
                        .events = events_};
    co_return co_await instance_->call(
        {.service = service, .input = dump(input), .body = std::move(body), .key = "plugin-check"}, context);
  }

  /// Builds it of vectors that are made up and asks for their neighbours.
  Task<> try_index(std::size_t service, const ServiceDescription& index) {
    const std::string what = fmt::format("index `{}`", index.name);
    const IndexTrial trial;
    const auto given = options_.inputs.find(index.name);
    const Json options = given != options_.inputs.end() ? given->second : sample_input(index.input_schema);
    if (!sample_fits(what, options, index, "options")) co_return;
    const Json build = {{"do", "build"},
                        {"rows", IndexTrial::kRows},
                        {"dimensions", IndexTrial::kDimensions},
                        {"metric", "cosine"},
                        {"options", options}};
    const auto built = co_await call_index(service, build, std::string(trial.rows()));
    if (!built) {
      const bool refused = instance_->alive() && built.error().code == ErrorCode::invalid;
      tell(refused ? Kind::skipped : Kind::problem,
           fmt::format("{} could not be built of {} vectors with the options {}: {}{}", what,
                       IndexTrial::kRows, dump(options), built.error().message,
                       refused ? fmt::format("; --call '{}={{…}}' gives others", index.name) : ""));
      if (!instance_->alive()) co_await restart();
      co_return;
    }
    std::size_t found[2] = {0, 0};
    std::int64_t before = 0;
    Repeats repeats(kWarmUp, options_.repeats, options_.repeats_time, now());
    for (; repeats.more(now()); repeats.called()) {
      const std::size_t i = repeats.calls();
      if (repeats.begins_to_judge(now())) before = co_await instance_->peak_memory();
      const bool filtered = i % 2 == 1;
      const std::size_t near = i / 2 % IndexTrial::kRows;
      const Json search = {{"do", "search"}, {"count", IndexTrial::kNearest}, {"filtered", filtered}};
      const auto answer = co_await call_index(service, search, trial.query(near, filtered));
      const auto right = answer ? trial.judge(near, filtered, answer->body) : fail(answer.error());
      if (!right) {
        tell(Kind::problem, fmt::format("{}: search {}: {}", what, i + 1, right.error().message));
        if (!instance_->alive()) co_await restart();
        co_return;
      }
      found[filtered ? 1 : 0] += *right;
    }
    const auto share = [&repeats, &found](std::size_t which) {
      const std::size_t searches = (repeats.calls() + 1 - which) / 2;
      return 100.0 * static_cast<double>(found[which]) / static_cast<double>(searches * IndexTrial::kNearest);
    };
    const std::string with_filter =
        repeats.calls() < 2 ? "" : fmt::format(", with a filter {:.0f} %", share(1));
    tell(Kind::good, fmt::format("{} finds {:.0f} % of the {} nearest of {} vectors{}{}", what, share(0),
                                 IndexTrial::kNearest, IndexTrial::kRows, with_filter, cut_short(repeats)));
    co_await judge_memory(what, repeats, before);
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
    if (!tool.input_schema.is_null() && !sample_fits(what, input, tool, "input")) co_return;
    co_await try_it({.index = index,
                     .what = what,
                     .input = dump(input),
                     .repeats = options_.repeats,
                     .judge = [](const PluginAnswer& answer, const std::string&) -> Result<std::string> {
                       return fmt::format("answers “{}”", shortened(answer.text));
                     }});
  }

  /// Whether there is more to try.
  Task<bool> call_it(const Tried& tried, Repeats& repeats) {
    const std::string& what = tried.what;
    const std::size_t first_again = again();
    std::int64_t before = 0;
    for (; repeats.more(now()) && again() == first_again; repeats.called()) {
      if (repeats.begins_to_judge(now())) before = co_await instance_->peak_memory();
      std::string streamed;
      const Instant begun = now();
      auto answer = co_await call(tried, stop_, &streamed);
      quickest_ = std::min(quickest_, now() - begun);
      if (!instance_->alive()) {
        tell(Kind::problem, fmt::format("{}: call {} ended its worker: {}", what, repeats.calls() + 1,
                                        answer.error().message));
        co_await restart();
        co_return false;
      }
      const std::string& words = answer ? answer->text : answer.error().message;
      auto odd = odd_byte(words);
      if (!odd) odd = odd_byte(streamed);
      auto judged = odd ? fail(ErrorCode::protocol, "what it answered is not UTF-8: " + *odd)
                    : answer
                        ? tried.judge(*answer, streamed)
                        : Result<std::string>(fmt::format("answers with an error: {}", shortened(words)));
      if (!judged) {
        tell(Kind::problem, fmt::format("{}: {}", what, judged.error().message));
        co_return false;
      }
      if (repeats.calls() == 0) tell(Kind::good, fmt::format("{} {}", what, *judged));
    }
    if (again() == first_again) co_await judge_memory(what, repeats, before);
    co_return true;
  }

  Task<> cancel_it(const Tried& tried) {
    const std::string& what = tried.what;
    Stop stop;
    const auto alarm = loop_.at(now() + kCancelAfter, [&stop] { stop.request(StopReason::cancelled); });
    auto answer = co_await call(tried, stop);
    if (instance_->alive()) {
      // What is usually done by then says nothing of a cancel, also where it took longer this once.
      if (!stop.requested() || quickest_ < kCancelAfter)
        tell(Kind::skipped,
             fmt::format(
                 "{} is done within {} ms, before it could be cancelled: what a cancel does was not tried",
                 what, kCancelAfter.count()));
      else
        tell(Kind::good,
             fmt::format("{} ends when it is cancelled{}", what, answer ? ", with an answer" : ""));
      co_return;
    }
    tell(Kind::warning,
         fmt::format("{} did not end within {} ms of being cancelled, so its worker was killed: "
                     "have a look at `cancel` or troupe_calls.cancelled",
                     what, std::max(options_.instance.cancel_grace, tried.grace).count()));
    co_await restart();
  }

  Task<> call_at_once(const Tried& tried) {
    const std::string& what = tried.what;
    const std::size_t most = instance_->description().concurrent;
    if (most < 2) co_return;
    Nursery nursery(loop_);
    for (std::size_t i = 0; i < most; ++i)
      nursery.spawn("a call of many", [this, &tried]() -> Task<> { co_await call(tried, stop_); });
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
  ValidatorOptions options_;
  const std::function<void(const Finding&)> found_;
  Stop stop_;
  NoEvents events_;
  std::unique_ptr<Instance> instance_;
  std::vector<std::string> misfits_;
  std::string tried_;             ///< the service at hand
  std::size_t ended_ = 0;         ///< calls of it that ended
  Instant::duration quickest_{};  ///< of its repeated calls
  std::size_t again_before_ = 0;  ///< see again(): of instances that are gone
  std::size_t told_again_ = 0;    ///< of again(), what was accounted for
};

}  // namespace

Task<> validate(Loop& loop, const LineMaker& make, ValidatorOptions options,
                std::function<void(const Finding&)> found) {
  Validator validator(loop, make, std::move(options), std::move(found));
  co_await validator.run();
}

}  // namespace troupe::plugins
