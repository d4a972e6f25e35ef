#include "app/talk/approver.h"

#include "app/talk/printer.h"
#include "runtime/base/ascii.h"
#include "tools/question.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

namespace troupe::app {

namespace {

constexpr const char* kDecline = "/decline";

// Without blanks around it.
std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(" \t\r");
  if (from == text.npos) return "";
  return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

// Further lines stand below the first, so that none of them looks like one of ours.
std::string indented(const std::string& text) {
  std::string out;
  for (char c : text) out += c == '\n' ? "\n     " : std::string(1, c);
  return out;
}

std::string introduced(const Approval& approval) {
  const std::string who = fmt::format("({} of run {})", approval.call, approval.run);
  if (!approval.reason.empty())
    return fmt::format("{} was called {} with\n  {}\n  {}", approval.tool, who, dump(approval.input),
                       indented(approval.reason));
  if (approval.question.empty())
    return fmt::format("{} wants to be called {} with\n  {}", approval.tool, who, dump(approval.input));
  std::string text = fmt::format("{} asks {}:\n  {}", approval.tool, who, indented(approval.question));
  const std::vector<std::string> options = tools::question_of(approval.input).options;
  for (std::size_t i = 0; i < options.size(); ++i)
    text += fmt::format("\n  {}. {}", i + 1, indented(options[i]));
  return text;
}

// An option by its words, without regard to case, or by its number. Nothing: none of them.
std::optional<std::string> chosen(const std::vector<std::string>& options, const std::string& typed) {
  if (std::ranges::find(options, typed) != options.end()) return typed;
  for (std::size_t i = 0; i < options.size(); ++i)
    if (lower(options[i]) == lower(typed) || std::to_string(i + 1) == typed) return options[i];
  return std::nullopt;
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

// It may come to wait once more, when a crash takes it and nobody knows what became of it.
void Approver::decided(const std::string& run, const std::string& call) {
  asked_.erase({run, call});
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
  fmt::print(stderr, "\n{}\n", printable(introduced(approval)));
  while (question->open && !leaving_) {
    auto answer =
        approval.question.empty() ? co_await person_says(approval) : co_await person_answers(approval);
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
  const bool again = !approval.reason.empty();
  for (;;) {
    auto line = co_await prompt(again ? "Call it again? [y]es, [n]o: " : "Allow it? [y]es, [n]o, [e]dit: ");
    if (!line) co_return std::nullopt;
    const std::string word = lower(trimmed(*line));
    if (word == "y" || word == "yes") co_return Answer{.approve = true};
    if (word == "n" || word == "no") {
      auto reason = co_await prompt("Why not? (Enter for no reason): ");
      if (!reason) co_return std::nullopt;
      co_return Answer{.approve = false, .reason = trimmed(*reason)};
    }
    if (again || (word != "e" && word != "edit")) continue;
    auto text = co_await prompt(fmt::format("Input instead of {}: ", printable(dump(approval.input))));
    if (!text) co_return std::nullopt;
    auto input = parse_json(*text);
    if (input && input->is_object()) co_return Answer{.approve = true, .input = std::move(*input)};
    fmt::print(stderr, "That is not a JSON object{}\n", input ? "" : ": " + input.error().message);
  }
}

// Nothing: as for person_says().
Task<std::optional<Answer>> Approver::person_answers(const Approval& approval) {
  const std::vector<std::string> options = tools::question_of(approval.input).options;
  const std::string choice = options.empty() ? "" : fmt::format(", 1 to {}", options.size());
  for (;;) {
    auto line = co_await prompt(fmt::format("Your answer{} ({} to give none): ", choice, kDecline));
    if (!line) co_return std::nullopt;
    const std::string typed = trimmed(*line);
    if (typed.empty()) continue;
    if (typed == kDecline) {
      auto reason = co_await prompt("Why not? (Enter for no reason): ");
      if (!reason) co_return std::nullopt;
      co_return Answer{.approve = false, .reason = trimmed(*reason)};
    }
    const auto answer = options.empty() ? std::optional(typed) : chosen(options, typed);
    if (answer) co_return Answer{.approve = true, .input = Json{{"answer", *answer}}};
    fmt::print(stderr, "That is none of them.\n");
  }
}

Task<std::optional<std::string>> Approver::prompt(std::string text) {
  fmt::print(stderr, "{}", text);
  std::fflush(stderr);
  co_return co_await lines_->next(*stop_);
}

}  // namespace troupe::app
