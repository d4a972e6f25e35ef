#include "app/commands/command.h"
#include "app/eval/answer_eval.h"
#include "app/eval/corpus_base.h"
#include "app/eval/each_case.h"
#include "app/eval/retrieval_eval.h"
#include "app/load.h"
#include "app/search_options.h"
#include "app/talk/connect.h"
#include "app/wiring.h"
#include "memory/knowledge/search/limits.h"
#include "runtime/config/environment.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

constexpr std::size_t kCaseFileBytes = 256u << 20;
constexpr std::size_t kCorpusFileBytes = 1u << 30;
constexpr const char* kCorpusBase = "corpus";
constexpr std::size_t kFailuresTold = 10;

struct EvalOptions {
  TalkOptions talk;
  std::string file;
  std::string corpus;
  std::string samples;
  std::vector<std::string> knowledge;
  std::vector<std::string> modes;
  SearchOptions search;
  std::size_t k = 10;
  std::size_t jobs = 4;
  std::size_t limit = 0;  // 0: all
  bool all_modes = false;
  bool json = false;
};

Result<std::string> read_whole(const std::string& path, std::size_t most) {
  auto text = config::ProcessEnvironment().read_file(path, most);
  return text ? std::move(text) : within(path, text.error());
}

/// Prints what is wrong with a file, each with its place. True: it can be used.
bool tell_problems(const std::string& file, const std::vector<memory::CaseProblem>& problems) {
  bool usable = true;
  for (const memory::CaseProblem& problem : problems) {
    const std::string place = problem.line > 0 ? fmt::format("{}:{}", file, problem.line) : file;
    fmt::print(stderr, "{}: {}: {}\n", place, problem.fatal ? "error" : "warning", problem.message);
    usable = usable && !problem.fatal;
  }
  return usable;
}

template <class Case>
void keep_first(std::vector<Case>& cases, std::size_t limit) {
  if (limit > 0 && cases.size() > limit) cases.resize(limit);
}

/// One call of the command.
class Evaluation {
 public:
  explicit Evaluation(const EvalOptions& options) : options_(options) {}

  int run() {
    if (!read() || !fits()) return kUsage;
    if (!options_.samples.empty())
      if (auto opened = file_.open(options_.samples); !opened) return refuse(opened.error());
    int code = kDone;
    if (!cases_.answers.empty()) code = ask();
    if (!cases_.retrievals.empty() && (code == kDone || code == kFailed)) code = std::max(code, search());
    if (!told_) return code;
    if (options_.json) fmt::print("{}\n", dump_pretty(json_));
    std::fflush(stdout);
    return code;
  }

 private:
  static int refuse(const Error& error) {
    complain(error.message);
    return kUsage;
  }

  static bool could_read(const Result<std::string>& text) {
    if (!text) complain(text.error().message);
    return text.has_value();
  }

  bool read() {
    auto text = read_whole(options_.file, kCaseFileBytes);
    if (!could_read(text)) return false;
    cases_ = memory::read_cases(*text);
    if (!tell_problems(options_.file, cases_.problems)) return false;
    keep_first(cases_.answers, options_.limit);
    keep_first(cases_.retrievals, options_.limit);
    if (options_.corpus.empty()) return true;
    text = read_whole(options_.corpus, kCorpusFileBytes);
    if (!could_read(text)) return false;
    corpus_ = memory::read_corpus(*text);
    return tell_problems(options_.corpus, corpus_->problems);
  }

  /// Whether the options go with what the file holds.
  bool fits() const {
    const bool retrieves = !cases_.retrievals.empty();
    if (retrieves && !options_.talk.url.empty()) {
      complain("questions with `relevant` are searched in this process; leave --url out");
      return false;
    }
    for (const auto& [name, given] : {std::pair("--corpus", !options_.corpus.empty()),
                                      std::pair("--knowledge", !options_.knowledge.empty()),
                                      std::pair("--mode", !options_.modes.empty() || options_.all_modes)})
      if (given && !retrieves) {
        complain(fmt::format("{} is for questions with `relevant`, and {} has none", name, options_.file));
        return false;
      }
    return true;
  }

  int ask() {
    const AnswerWork work{.cases = cases_.answers, .target = options_.talk.target, .jobs = options_.jobs};
    AnswerReport report;
    int code = with_peers(options_.talk, [&](Loop& loop, PeerMaker make) {
      return ask_cases(loop, std::move(make), work, file_, report);
    });
    code = std::max(code, end_part());
    if (report.samples.empty()) return code;
    told_ = true;
    tell_failures(report);
    json_["answers"] = to_json(report);
    if (!options_.json) fmt::print("{}", as_text(report));
    return code;
  }

  void tell_failures(const AnswerReport& report) const {
    std::size_t told = 0;
    for (const AnswerSample& sample : report.samples) {
      if (sample.asked.failure.empty()) continue;
      if (told++ < kFailuresTold)
        fmt::print(stderr, "{}:{}: no answer: {}\n", options_.file, sample.question.line,
                   sample.asked.failure);
    }
    if (told > kFailuresTold) fmt::print(stderr, "and {} more without an answer\n", told - kFailuresTold);
  }

  int search() {
    auto loaded = load_for_command(options_.talk.config);
    if (!loaded) return kUsage;
    RetrievalWork work{.file = options_.file,
                       .cases = cases_.retrievals,
                       .setups = setups(),
                       .corpus = corpus_,
                       .k = options_.k,
                       .jobs = options_.jobs};
    auto overrides = overrides_of(options_.search);
    if (!overrides) return refuse(overrides.error());
    work.overrides = std::move(*overrides);
    ScratchFolder scratch;
    if (corpus_) {
      auto folder = scratch.make();
      if (!folder) return refuse(folder.error());
      prepare_for_corpus(loaded->configuration, folder->string());
      tell_problems(options_.file, memory::missing_documents(work.cases, *corpus_));
    }
    std::vector<RetrievalResult> results;
    int code = with_library(loaded->configuration, [&](LibraryServices services) {
      return search_cases(services, work, file_, results);
    });
    code = std::max(code, end_part());
    if (results.empty()) return code;
    if (told_ && !options_.json) fmt::print("\n");
    told_ = true;
    json_["retrieval"] = to_json(results, options_.k);
    if (!options_.json) fmt::print("{}", retrieval_table(results, options_.k));
    return code;
  }

  std::vector<SearchSetup> setups() const {
    std::vector<std::string> bases = options_.knowledge;
    if (bases.empty()) bases.push_back(corpus_ ? kCorpusBase : "");
    std::vector<std::optional<memory::SearchMode>> modes;
    for (const std::string& name : options_.modes) modes.push_back(memory::search_mode(name));
    if (options_.all_modes)
      for (const std::string& name : memory::search_modes())
        if (name != word(memory::SearchMode::threshold)) modes.push_back(memory::search_mode(name));
    if (modes.empty()) modes.push_back(std::nullopt);
    std::vector<SearchSetup> all;
    for (const std::string& base : bases)
      for (const auto& mode : modes) all.push_back({base, mode});
    return all;
  }

  /// The bases stay as they are configured, but hold nothing and stand in a folder of their own.
  static void prepare_for_corpus(Configuration& configuration, const std::string& folder) {
    configuration.store.path = folder;
    for (auto& [name, base] : configuration.knowledge) base.sources.clear();
    if (!configuration.knowledge.contains(kCorpusBase))
      configuration.knowledge[kCorpusBase] = {.name = kCorpusBase};
  }

  int end_part() {
    if (auto ended = file_.end_part(); !ended) {
      complain(ended.error().message);
      return kFailed;
    }
    return kDone;
  }

  const EvalOptions& options_;
  memory::EvaluationCases cases_;
  std::optional<memory::Corpus> corpus_;
  SampleFile file_;
  Json json_ = Json::object();
  bool told_ = false;
};

}  // namespace

void add_eval(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App* command = app.add_subcommand("eval", "Measure answers and searches on a set of questions");
  add_peer_options(*command, options->talk);
  command
      ->add_option(
          "--knowledge", options->knowledge,
          "Search this base; may be repeated, to compare (default: that of the case, or the only one)")
      ->allow_extra_args(false);
  command
      ->add_option("--mode", options->modes,
                   "similarity, keyword, hybrid, mmr or threshold; may be repeated, to compare")
      ->allow_extra_args(false)
      ->check(CLI::IsMember(memory::search_modes()));
  command->add_flag("--all-modes", options->all_modes, "Compare similarity, keyword, hybrid and mmr")
      ->excludes("--mode");
  command->add_option("-k,--k", options->k, "How many documents of a ranking count")
      ->check(CLI::Range(std::size_t{1}, limits::kSearchHits))
      ->capture_default_str();
  add_search_options(*command, options->search);
  command->add_option(
      "--corpus", options->corpus,
      "Search these documents, JSON lines of `id`, `title` and `text`, in a base made for this");
  command->add_option("--jobs", options->jobs, "Cases at work at once")
      ->check(CLI::Range(std::size_t{1}, kEvalJobs))
      ->capture_default_str();
  command->add_option("--limit", options->limit, "Only the first so many cases of each kind");
  command->add_option("--samples", options->samples, "Write what each case gave to this file, as JSON lines");
  command->add_flag("--json", options->json, "Print the figures as JSON");
  command->add_option("file", options->file, "JSON lines: a question with `expected` or `relevant` each")
      ->required();
  command->footer(
      "Questions with `expected` are asked, each in a session of its own: exact match, F1, BLEU, ROUGE.\n"
      "Questions with `relevant` are searched for: nDCG, recall, MRR. See docs/evaluation.md.\n"
      "Example: troupe eval questions.jsonl --target researcher --samples answers.jsonl\n"
      "         troupe eval queries.jsonl --corpus corpus.jsonl --all-modes\n"
      "Exit: 0 measured, 1 a run or a search failed (it counts as an empty one), 2 wrong usage, "
      "configuration "
      "or cases,\n4 the store cannot be used, 130 interrupted: what was done until then is shown.");
  command->callback([options, &exit_code] { exit_code = Evaluation(*options).run(); });
}

}  // namespace troupe::app
