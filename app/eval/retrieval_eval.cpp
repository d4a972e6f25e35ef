#include "app/eval/retrieval_eval.h"

#include "app/commands/command.h"
#include "app/eval/corpus_base.h"
#include "app/eval/each_case.h"
#include "app/eval/ranked_documents.h"
#include "app/knowledge_text.h"
#include "app/progress_bar.h"
#include "app/talk/one_run.h"
#include "app/talk/printer.h"
#include "app/warnings.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace troupe::app {

namespace {

constexpr std::size_t kRemarks = 20;  // different ones that are told

class RetrievalEval {
 public:
  RetrievalEval(LibraryServices services, const RetrievalWork& work, SampleFile& file)
      : services_(services), work_(work), file_(file), bar_(services.loop.clock()) {}

  Task<int> run(std::vector<RetrievalResult>& results) {
    Interrupts interrupts(services_.loop, cancelled_, gone_);
    for (const SearchSetup& setup : work_.setups)
      if (auto usable = check(setup); !usable) {
        complain(usable.error().message);
        co_return kUsage;
      }
    if (work_.corpus)
      if (const int code = co_await take_in(); code != kDone) co_return code;
    for (std::size_t i = 0; i < work_.setups.size() && !cancelled_.requested(); ++i)
      results.push_back(co_await search_all(i));
    bar_.clear();
    for (const std::string& remark : remarks_) fmt::print(stderr, "{}\n", printable(remark));
    if (cancelled_.requested()) co_return kInterrupted;
    const bool failed =
        failed_documents_ || std::ranges::any_of(results, [](const auto& one) { return one.failed() > 0; });
    co_return failed ? kFailed : kDone;
  }

 private:
  /// The base that a case is searched in.
  Result<std::string> base_of(const SearchSetup& setup, const memory::RetrievalCase& question) const {
    if (!setup.knowledge.empty()) return setup.knowledge;
    if (!question.knowledge.empty()) return question.knowledge;
    const std::vector<std::string> names = services_.knowledge.names();
    if (names.size() == 1) return names.front();
    return fail(ErrorCode::invalid,
                names.empty() ? "the configuration has no knowledge base to search; write one under "
                                "`knowledge:`, or give the documents with --corpus FILE.jsonl"
                              : "there are several knowledge bases; name one with --knowledge, or as "
                                "`knowledge` of the case");
  }

  /// What a search in `base` asks for otherwise than the base says.
  memory::SearchOverrides overrides_of(const memory::ConfiguredBase& base, const SearchSetup& setup) const {
    memory::SearchOverrides overrides = work_.overrides;
    overrides.mode = setup.mode;
    overrides.k = passages_for(memory::with(base.settings.search, overrides), work_.k);
    return overrides;
  }

  Result<> check(const SearchSetup& setup) const {
    std::set<std::string> checked;
    for (const memory::RetrievalCase& question : work_.cases) {
      const auto place = [&](const Error& error) {
        return fail(error.code, fmt::format("{}:{}: {}", work_.file, question.line, error.message));
      };
      auto name = base_of(setup, question);
      if (!name) return place(name.error());
      if (!checked.insert(*name).second) continue;
      auto base = services_.knowledge.find(*name);
      if (!base) return setup.knowledge.empty() ? place(base.error()) : fail(base.error());
      const auto settings = memory::with((*base)->settings.search, overrides_of(**base, setup));
      for (const memory::SettingsProblem& problem : settings.check())
        return fail(ErrorCode::invalid, fmt::format("{}: `{}` {}", *name, problem.field, problem.text));
    }
    return {};
  }

  Task<int> take_in() {
    std::set<std::string> names;
    for (const SearchSetup& setup : work_.setups) names.insert(setup.knowledge);
    for (const std::string& name : names) {
      auto base = services_.knowledge.find(name);
      if (!base) co_return kUsage;  // check() has found it
      auto progress = [this](const memory::IngestProgress& now) {
        bar_.show(now.done == now.total, [&now](std::size_t columns) { return progress_line(now, columns); });
      };
      auto report =
          co_await take_corpus(services_, **base, *work_.corpus, std::move(progress), warnings_, cancelled_);
      bar_.clear();
      if (!report) {
        complain(fmt::format("{}: {}", name, report.error().message));
        co_return cancelled_.requested() ? kInterrupted : kFailed;
      }
      for (const std::string& warning : report->warnings) fmt::print(stderr, "{}\n", printable(warning));
      fmt::print(stderr, "{}\n", report_line(name, *report));
      if (report->failed > 0) failed_documents_ = true;
    }
    co_return kDone;
  }

  Task<RetrievalResult> search_all(std::size_t index) {
    const SearchSetup& setup = work_.setups[index];
    RetrievalResult result{.setup = setup};
    std::vector<std::optional<RetrievalSample>> samples(work_.cases.size());
    std::size_t done = 0;
    auto show = [&] {
      const std::size_t all = work_.cases.size() * work_.setups.size();
      const std::size_t now = work_.cases.size() * index + done;
      bar_.show(now == all,
                [&](std::size_t) { return fmt::format("{} {}/{} searches", bar_text(now, all), now, all); });
    };
    co_await each_case(services_.loop, work_.cases.size(), work_.jobs, cancelled_,
                       [&](std::size_t number) -> Task<> {
                         auto sample = co_await search(setup, work_.cases[number]);
                         if (cancelled_.requested() && !sample.failure.empty()) co_return;
                         const auto base = base_of(setup, work_.cases[number]);
                         file_.put(work_.cases.size() * index + number, to_json(sample, *base));
                         samples[number] = std::move(sample);
                         ++done;
                         show();
                       });
    for (auto& sample : samples)
      if (sample) result.samples.push_back(std::move(*sample));
    std::set<std::string> modes;
    for (const RetrievalSample& sample : result.samples) modes.insert(sample.mode);
    result.mode = fmt::format("{}", fmt::join(modes, ", "));
    co_return result;
  }

  Task<RetrievalSample> search(const SearchSetup& setup, memory::RetrievalCase question) {
    const std::string name = *base_of(setup, question);
    const memory::ConfiguredBase& base = **services_.knowledge.find(name);
    memory::SearchOverrides overrides = overrides_of(base, setup);
    const memory::SearchMode mode = memory::with(base.settings.search, overrides).mode;
    CallContext context{
        .loop = services_.loop, .stop = cancelled_, .deadline = {}, .events = warnings_, .principal = {}};
    RetrievalSample sample{.question = std::move(question), .mode = std::string(word(mode))};
    const Instant begun = services_.loop.clock().now();
    auto found =
        co_await services_.knowledge.search(name, sample.question.query, std::move(overrides), context);
    sample.us =
        std::chrono::duration_cast<std::chrono::microseconds>(services_.loop.clock().now() - begun).count();
    if (found) {
      sample.ranking = ranked_documents(found->hits, sample.question.relevant, work_.k);
      for (std::string& text : found->remarks) remark(std::move(text));
    } else {
      sample.failure = found.error().message;
      if (!cancelled_.requested())
        remark(fmt::format("{}:{}: {}", work_.file, sample.question.line, sample.failure));
    }
    sample.scores = memory::score_ranking(sample.ranking, sample.question.relevant, work_.k);
    co_return sample;
  }

  void remark(std::string text) {
    if (remarks_.size() < kRemarks) remarks_.insert(std::move(text));
  }

  LibraryServices services_;
  const RetrievalWork& work_;
  SampleFile& file_;
  ProgressBar bar_;
  Warnings warnings_;
  Stop cancelled_;
  Stop gone_;
  std::set<std::string> remarks_;
  bool failed_documents_ = false;
};

}  // namespace

Task<int> search_cases(LibraryServices services, const RetrievalWork& work, SampleFile& samples,
                       std::vector<RetrievalResult>& results) {
  RetrievalEval eval(services, work, samples);
  co_return co_await eval.run(results);
}

Json to_json(const std::vector<RetrievalResult>& results, std::size_t k) {
  Json all = Json::array();
  for (const RetrievalResult& result : results) {
    Json one = {{"mode", result.mode},
                {"questions", result.samples.size()},
                {"failed", result.failed()},
                {"median_ms", result.median_ms()}};
    if (!result.setup.knowledge.empty()) one["knowledge"] = result.setup.knowledge;
    one.update(memory::report_json(measures_of(result, k)));
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace troupe::app
