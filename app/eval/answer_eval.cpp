#include "app/eval/answer_eval.h"

#include "app/commands/command.h"
#include "app/eval/each_case.h"
#include "app/progress_bar.h"
#include "app/talk/one_run.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace troupe::app {

namespace {

/// One evaluation: what is asked, and what has come back.
class AnswerEval {
 public:
  AnswerEval(Loop& loop, PeerMaker make_peer, const AnswerWork& work, SampleFile& file)
      : loop_(loop),
        make_peer_(std::move(make_peer)),
        work_(work),
        file_(file),
        figures_(work.cases),
        samples_(work.cases.size()),
        bar_(loop.clock()) {}

  Task<int> run(AnswerReport& report) {
    const Instant begun = loop_.clock().now();
    {
      Interrupts interrupts(loop_, cancelled_, gone_);
      show();
      co_await each_case(loop_, work_.cases.size(), work_.jobs, ending_,
                         [this](std::size_t index) { return ask(index); });
    }
    bar_.clear();
    for (std::optional<AnswerSample>& sample : samples_)
      if (sample) report.samples.push_back(std::move(*sample));
    report.measures = figures_.measures(report.samples);
    report.totals = totals_of(report.samples);
    report.seconds = std::chrono::duration<double>(loop_.clock().now() - begun).count();
    co_return exit_code(report);
  }

 private:
  Task<> ask(std::size_t index) {
    const memory::AnswerCase& question = work_.cases[index];
    auto peer = make_peer_();
    Outgoing message{.text = question.input, .inputs = question.inputs};
    auto asked = co_await ask_case(loop_, *peer, work_.target, std::move(message), ending_, gone_);
    if (!asked) {
      if (!error_) error_ = asked.error();
      ending_.request(StopReason::cancelled);
      co_return;
    }
    // A question whose run was cancelled because everything ends was not answered wrongly.
    if (ending_.requested() && !asked->failure.empty()) co_return;
    AnswerSample sample = figures_.score(question, std::move(*asked));
    file_.put(index, figures_.to_json(sample));
    if (!sample.asked.failure.empty()) ++failed_;
    samples_[index] = std::move(sample);
    ++done_;
    show();
  }

  void show() {
    bar_.show(done_ == work_.cases.size(), [this](std::size_t) {
      return fmt::format("{} {}/{} questions{}", bar_text(done_, work_.cases.size()), done_,
                         work_.cases.size(), failed_ > 0 ? fmt::format(", {} failed", failed_) : "");
    });
  }

  int exit_code(const AnswerReport& report) const {
    if (cancelled_.requested()) return kInterrupted;
    if (error_) {
      complain(error_->message);
      return error_->code == ErrorCode::not_found ? kUsage : kFailed;
    }
    return report.totals.failed > 0 ? kFailed : kDone;
  }

  Loop& loop_;
  PeerMaker make_peer_;
  const AnswerWork& work_;
  SampleFile& file_;
  AnswerFigures figures_;
  std::vector<std::optional<AnswerSample>> samples_;
  ProgressBar bar_;
  Stop cancelled_;
  Stop gone_;
  Stop ending_{cancelled_};  // also when nothing can be asked any more
  std::optional<Error> error_;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
};

}  // namespace

Task<int> ask_cases(Loop& loop, PeerMaker make_peer, const AnswerWork& work, SampleFile& samples,
                    AnswerReport& report) {
  AnswerEval eval(loop, std::move(make_peer), work, samples);
  co_return co_await eval.run(report);
}

std::string as_text(const AnswerReport& report) {
  const AnswerTotals& totals = report.totals;
  return memory::report_table(report.measures) +
         fmt::format("{} questions, {} failed; {} input and {} output tokens, cost {:.4f}; {:.1f} s\n",
                     report.samples.size(), totals.failed, totals.input_tokens, totals.output_tokens,
                     totals.cost, report.seconds);
}

Json to_json(const AnswerReport& report) {
  Json json = {{"questions", report.samples.size()},
               {"failed", report.totals.failed},
               {"input_tokens", report.totals.input_tokens},
               {"output_tokens", report.totals.output_tokens},
               {"cost", report.totals.cost},
               {"seconds", report.seconds}};
  json.update(memory::report_json(report.measures));
  return json;
}

}  // namespace troupe::app
