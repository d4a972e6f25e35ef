#include "app/talk/approver.h"

#include "app/talk/printer.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::app {

namespace {

// Without blanks around it.
std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(" \t\r");
  if (from == text.npos) return "";
  return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

std::istream* terminal_input() {
  if (isatty(STDIN_FILENO)) return &std::cin;
  if (!isatty(STDERR_FILENO)) return nullptr;
  static std::ifstream terminal("/dev/tty");
  return terminal.is_open() ? &terminal : nullptr;
}

Approver::Approver(Loop& loop, Peer& peer, LineReader* lines, Stop& nobody)
    : peer_(peer), lines_(lines), nobody_(nobody), nursery_(loop) {}

Approver::~Approver() = default;

bool Approver::ask(Approval approval) {
  if (!lines_) return false;
  if (leaving_ || !asked_.emplace(approval.run, approval.call).second) return true;
  questions_.push_back(std::make_shared<Question>(Question{std::move(approval)}));
  if (!std::exchange(at_work_, true)) nursery_.spawn("approvals", [this] { return work(); });
  return true;
}

void Approver::decided(const std::string& run, const std::string& call) {
  for (auto& question : questions_)
    if (question->approval.run == run && question->approval.call == call) close(*question, "it was decided");
}

void Approver::ended(const std::string& run) {
  for (auto& question : questions_)
    if (question->approval.run == run) close(*question, "the run has ended");
}

void Approver::close(Question& question, const char* why) {
  if (!std::exchange(question.open, false)) return;
  if (&question != questions_.front().get() || !stop_) return;
  fmt::print(stderr, "\n({})\n", why);
  stop_->request(StopReason::cancelled);
}

Task<> Approver::leave() {
  leaving_ = true;
  if (stop_) stop_->request(StopReason::cancelled);
  co_await peer_.settle();
  co_await nursery_.join();
}

Task<> Approver::work() {
  while (!questions_.empty()) {
    auto question = questions_.front();
    if (question->open && !leaving_) co_await settle(question);
    questions_.pop_front();
  }
  at_work_ = false;
}

Task<> Approver::settle(std::shared_ptr<Question> question) {
  stop_ = std::make_unique<Stop>();
  const Approval& approval = question->approval;
  fmt::print(stderr, "\n{} wants to be called ({} of run {}) with\n  {}\n", printable(approval.tool),
             approval.call, approval.run, printable(dump(approval.input)));
  while (question->open && !leaving_) {
    auto answer = co_await person_says(approval);
    if (!question->open || leaving_) break;
    if (!answer) {
      nobody_.request(StopReason::shutdown);
      break;
    }
    question->open = false;  // what we hear of it from here on is our own decision
    auto taken = co_await peer_.decide(approval, *answer);
    if (taken) break;
    fmt::print(stderr, "{}\n", printable(taken.error().message));
    // An input that does not fit leaves the call waiting; anything else is over.
    question->open = taken.error().code == ErrorCode::invalid;
  }
  stop_.reset();
}

// Nothing: the input has ended, or the question is of no more interest.
Task<std::optional<Answer>> Approver::person_says(const Approval& approval) {
  for (;;) {
    auto line = co_await prompt("Allow it? [y]es, [n]o, [e]dit: ");
    if (!line) co_return std::nullopt;
    const std::string word = lower(trimmed(*line));
    if (word == "y" || word == "yes") co_return Answer{.approve = true};
    if (word == "n" || word == "no") {
      auto reason = co_await prompt("Why not? (Enter for no reason): ");
      if (!reason) co_return std::nullopt;
      co_return Answer{.approve = false, .reason = trimmed(*reason)};
    }
    if (word != "e" && word != "edit") continue;
    auto text = co_await prompt(fmt::format("Input instead of {}: ", printable(dump(approval.input))));
    if (!text) co_return std::nullopt;
    auto input = parse_json(*text);
    if (input && input->is_object()) co_return Answer{.approve = true, .input = std::move(*input)};
    fmt::print(stderr, "That is not a JSON object{}\n", input ? "" : ": " + input.error().message);
  }
}

Task<std::optional<std::string>> Approver::prompt(std::string text) {
  fmt::print(stderr, "{}", text);
  std::fflush(stderr);
  co_return co_await lines_->next(*stop_);
}

}  // namespace troupe::app
