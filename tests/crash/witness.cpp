#include "tests/crash/witness.h"

#include "tests/crash/ledger_tool.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

namespace troupe::crash {

using fakes::ChatClient;

namespace {

// Of the run itself, not of a member's below it.
bool is_end(const Json& frame) {
  return string_or(frame, "type") == "run.finished" && !find(frame, "parent");
}

}  // namespace

Task<> Witness::follow(std::string url) {
  ChatClient chat(loop_);
  try {  // the daemon may end at any time
    co_await chat.connect(std::move(url));
    co_await open(chat);
    if (!accepted_)
      co_await chat.send(dump(Json{{"type", "message"}, {"id", "m1"}, {"text", plan_.name + " please"}}));
    while (!finished_) {
      const Json frame = co_await chat.next();
      keep(frame, chat.texts().empty() ? "" : chat.texts().back());
      co_await take(chat, frame);
    }
    co_await chat.close();
  } catch (const std::exception&) {
  }
}

Task<> Witness::open(ChatClient& chat) {
  const std::string fields = session_.empty() ? fmt::format(R"(,"target":"{}")", plan_.agent)
                                              : fmt::format(R"(,"session":"{}","after":{})", session_,
                                                            seen_.empty() ? 0 : seen_.rbegin()->first);
  const Json opened = co_await chat.open(fields);
  session_ = string_or(opened, "session");
  if (const Json* waiting = find(opened, "waiting"))
    for (const Json& call : *waiting) co_await approve(chat, string_or(call, "call"));
}

Task<> Witness::take(ChatClient& chat, const Json& frame) {
  const std::string type = string_or(frame, "type");
  if (type == "ack" && string_or(frame, "id") == "m1") {
    const std::string run = string_or(frame, "run");
    if (!run_.empty() && run != run_) wrong_.push_back("the same message made two runs");
    run_ = run;
    accepted_ = true;
  } else if (type == "ack") {
    if (const auto call = asked_.find(string_or(frame, "id")); call != asked_.end())
      approved_.insert(call->second);
  } else if (type == "approval.required") {
    co_await approve(chat, string_or(frame, "call"));
  } else if (is_end(frame)) {
    finished_ = true;
  } else if (type == "error" && string_or(frame, "ref") == "m1") {
    wrong_.push_back("the message was refused: " + dump(frame));
    finished_ = true;
  }
}

Task<> Witness::approve(ChatClient& chat, const std::string& call) {
  if (approved_.contains(call))
    co_return;  // the journal tells of it again; see violations() for two verdicts
  const std::string id = fmt::format("a{}", ++frames_);
  asked_[id] = call;
  co_await chat.send(dump(Json{{"type", "approve"}, {"id", id}, {"call", call}}));
}

void Witness::keep(const Json& frame, const std::string& text) {
  const Json* seq = find(frame, "seq");
  if (!seq) return;
  const auto n = seq->get<std::int64_t>();
  if (!seen_.empty() && n != seen_.rbegin()->first + 1 && !seen_.contains(n))
    wrong_.push_back(fmt::format("{} came after {}", n, seen_.rbegin()->first));
  const auto [before, fresh] = seen_.emplace(n, text);
  if (!fresh && before->second != text) wrong_.push_back(fmt::format("event {} was another before", n));
  if (run_.empty()) run_ = string_or(frame, "run");
  accepted_ = true;  // whoever sees an event of it need not ask again
}

Task<> Witness::read_again(std::string url) {
  whole_.clear();
  events_.clear();
  ChatClient chat(loop_);
  co_await chat.connect(std::move(url));
  co_await chat.open(fmt::format(R"(,"session":"{}","after":0)", session_));
  for (bool over = false; !over;) {
    Json frame = co_await chat.next();
    if (!find(frame, "seq")) continue;
    whole_[frame["seq"].get<std::int64_t>()] = chat.texts().back();
    over = is_end(frame);
    events_.push_back(std::move(frame));
  }
  co_await chat.close();
}

std::size_t Witness::unknown() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      events_, [](const Json& event) { return string_or(event, "error").starts_with("outcome unknown"); }));
}

std::vector<std::string> Witness::violations(const fakes::Ledger& ledger) const {
  std::vector<std::string> wrong = wrong_;
  std::int64_t next = 0;
  for (const auto& [seq, text] : whole_)
    if (seq != ++next) wrong.push_back(fmt::format("seq {} is where {} should be", seq, next));
  for (const auto& [seq, text] : seen_) {
    const auto kept = whole_.find(seq);
    if (kept == whole_.end() || kept->second != text)
      wrong.push_back(fmt::format("event {} was shown and is not in the journal", seq));
  }
  std::size_t ends = 0;
  for (const Json& event : events_) {
    if (string_or(event, "run") != run_) wrong.push_back("an event of another run: " + dump(event));
    ends += string_or(event, "type") == "run.finished";
  }
  if (ends != 1) wrong.push_back(fmt::format("{} ends", ends));
  if (!events_.empty() && string_or(events_.back(), "status") != "done")
    wrong.push_back("it ended otherwise: " + dump(events_.back()));
  check_calls(ledger, wrong);
  for (std::string& text : wrong) text = plan_.name + " (" + plan_.agent + "): " + text;
  return wrong;
}

void Witness::check_calls(const fakes::Ledger& ledger, std::vector<std::string>& wrong) const {
  std::map<std::string, std::size_t> verdicts;
  std::map<std::string, std::size_t> observed;
  std::map<std::string, std::size_t> ok_by_tool;
  std::map<std::string, std::size_t> actions;
  for (const Json& event : events_) {
    const std::string type = string_or(event, "type");
    const std::string call = string_or(event, "call");
    const std::string tool = string_or(event, "tool");
    if (type == "action") ++actions[call];
    if (type == "approval.given" && ++verdicts[call] > 1) wrong.push_back(call + " was decided twice");
    if (type != "observation") continue;
    if (++observed[call] > 1) wrong.push_back(call + " was observed twice");
    const bool unknown = string_or(event, "error").starts_with("outcome unknown");
    if (unknown && tool != kPay) wrong.push_back(tool + " can tell, or may be repeated, and is unknown");
    if (!unknown && event["ok"] != true) wrong.push_back("a call failed: " + dump(event));
    if (!unknown) ++ok_by_tool[tool];
  }
  std::size_t planned = 0;
  for (const auto& step : plan_.steps) planned += step.size();
  if (observed.size() != planned || actions.size() != planned)
    wrong.push_back(
        fmt::format("{} calls were planned, {} made, {} observed", planned, actions.size(), observed.size()));
  for (const std::string& call : approved_)
    if (verdicts[call] != 1) wrong.push_back("the decision about " + call + " was acknowledged and is lost");
  for (const char* tool : {kPay, kBook, kPut, kLook}) {
    const bool once = tool == std::string_view(kPay) || tool == std::string_view(kBook);
    const auto effects = ledger.effects(plan_.name, tool);
    for (const auto& [key, times] : effects)
      if (once && times > 1) wrong.push_back(fmt::format("{}: {} effects of one key", tool, times));
    // One key a call, however often it was made. An unknown call may have had its effect or not.
    const bool may_be_more = tool == std::string_view(kPay);
    if (effects.size() < ok_by_tool[tool] || (!may_be_more && effects.size() > ok_by_tool[tool]))
      wrong.push_back(fmt::format("{}: {} calls are told as done, the ledger has {} keys", tool,
                                  ok_by_tool[tool], effects.size()));
  }
}

}  // namespace troupe::crash
