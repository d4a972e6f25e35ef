#include "agents/check/run_checks.h"
#include "agents/runs/fact_fields.h"

#include <cmath>
#include <string>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::string_view kMeans =
    "lists, budgets and memory go by the row; what clients were told is in the events";

/// The row that the events of a run make.
struct FoldedRow {
  const Record* first = nullptr;
  const Record* started = nullptr;
  const Record* answer = nullptr;
  const Record* end = nullptr;
  bool by_call = false;  // a call's output was its answer, and is told as that
};

FoldedRow fold(const History& history) {
  FoldedRow folded;
  for (const Record& record : history.records) {
    if (record.fact && record.type == "tool.ends") folded.by_call = true;
    if (record.fact) continue;
    if (!folded.first) folded.first = &record;
    if (record.is("run.started")) folded.started = &record;
    if (record.is("answer")) folded.answer = &record;
    if (record.is("run.finished") && !folded.end) folded.end = &record;
  }
  return folded;
}

class Comparison {
 public:
  explicit Comparison(RunFindings& findings) : findings_(findings) {}

  void text(std::string_view what, const std::string& row, const Record& record, const std::string& told) {
    if (row != told) differs(what, fmt::format("`{}`", brief(row)), record, fmt::format("`{}`", brief(told)));
  }
  void number(std::string_view what, std::int64_t row, const Record& record, std::int64_t told) {
    if (row != told) differs(what, std::to_string(row), record, std::to_string(told));
  }
  void amount(std::string_view what, double row, const Record& record, double told) {
    if (std::abs(row - told) > 1e-9 * std::max(1.0, std::abs(told)))
      differs(what, fmt::format("{}", row), record, fmt::format("{}", told));
  }
  void differs(std::string_view what, const std::string& row, const Record& record, const std::string& told) {
    findings_.add("I7", record.n,
                  fmt::format("its row has {} {}, its event {} says {}", what, row, record.type, told),
                  kMeans);
  }

 private:
  static std::string brief(const std::string& text) {
    constexpr std::size_t kShown = 60;
    std::size_t end = std::min(text.size(), kShown);
    while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return end < text.size() ? text.substr(0, end) + "…" : text;
  }
  RunFindings& findings_;
};

void compare_beginning(const store::RunRow& row, const Record& first, Comparison& compare) {
  compare.text("the target", row.target, first, string_or(first.body, "target"));
  compare.text("the agent", row.agent, first, string_or(first.body, "agent"));
  compare.text("the parent", row.parent, first, string_or(first.body, "parent"));
  compare.text("the input", row.input, first, string_or(first.body, "input"));
  const Json* ids = find(first.body, "message_ids");
  const bool any = ids && ids->is_array() && !ids->empty() && ids->front().is_string();
  compare.text("the message id", row.message_id, first, any ? ids->front().get<std::string>() : "");
}

void compare_end(const store::RunRow& row, const FoldedRow& folded, Comparison& compare) {
  const Record& end = *folded.end;
  compare.text("the status", row.status, end, string_or(end.body, "status"));
  compare.text("the reason", row.reason, end, string_or(end.body, "reason"));
  compare.number("the steps", row.steps, end, number_or(end.body, "steps"));
  compare.number("the input tokens", row.input_tokens, end, number_or(end.body, "input_tokens"));
  compare.number("the output tokens", row.output_tokens, end, number_or(end.body, "output_tokens"));
  compare.amount("the cost", row.cost, end, amount_or(end.body, "cost"));
  compare.number("the last seq", row.last_seq, end, end.n);
  if (!folded.answer && folded.by_call) return;
  const Record& said = folded.answer ? *folded.answer : end;
  compare.text("the answer", row.answer, said, folded.answer ? string_or(said.body, "text") : "");
}

}  // namespace

void check_row(const History& history, RunFindings& findings) {
  const store::RunRow& row = history.row;
  const FoldedRow folded = fold(history);
  Comparison compare(findings);
  if (folded.first) compare_beginning(row, *folded.first, compare);
  if (folded.end && row.finished()) return compare_end(row, folded, compare);
  if (folded.end || !folded.first || row.finished()) return;  // told by the checks of beginning and end
  if (row.last_seq != 0)
    findings.add("I7", row.last_seq,
                 fmt::format("it has not ended, and its row has the last seq {}", row.last_seq), kMeans);
  const bool queued = row.status == "queued";
  if (queued == (folded.started != nullptr) ||
      (!queued && row.status != "running" && row.status != "waiting"))
    compare.differs("the status", fmt::format("`{}`", row.status), *folded.first,
                    folded.started ? "that it is at work" : "that it waits for its turn");
}

}  // namespace troupe::agents
