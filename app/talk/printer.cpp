#include "app/talk/printer.h"

#include <cstdlib>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::app {

namespace {

constexpr const char* kDim = "\033[2m";
constexpr const char* kCyan = "\033[36m";
constexpr const char* kGreen = "\033[32m";
constexpr const char* kRed = "\033[31m";
constexpr const char* kYellow = "\033[33m";

std::string input_text(const Json& event) {
  const Json* input = find(event, "input");
  return input ? dump(*input) : "";
}

std::string outcome_text(const Json& event) {
  const Json* ok = find(event, "ok");
  return ok && ok->is_boolean() && ok->get<bool>() ? string_or(event, "output")
                                                   : "failed: " + string_or(event, "error");
}

}  // namespace

std::string printable(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    bool c1 = c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
      out += fmt::format("\\x{:02x}", c);
    else if (c1)
      out += fmt::format("\\u00{:02x}", static_cast<unsigned char>(text[++i]));
    else
      out += text[i];
  }
  return out;
}

bool wants_colour(std::FILE* file) {
  const char* no_colour = std::getenv("NO_COLOR");
  return isatty(fileno(file)) && !(no_colour && *no_colour);
}

Printer::Printer(Show show, std::FILE* out, std::FILE* err)
    : show_(show), out_(out), err_(err), colour_(wants_colour(err)) {}

void Printer::line(const char* colour, const std::string& label, const std::string& text) {
  std::string shown = printable(text);
  if (colour_)
    fmt::print(err_, "{}{}\033[0m {}\n", colour, label, shown);
  else
    fmt::print(err_, "{} {}\n", label, shown);
  std::fflush(err_);
}

void Printer::print(const std::string& text, const Json& event, Whose whose) {
  if (show_ == Show::json) {
    fmt::print(out_, "{}\n", text);
    std::fflush(out_);
    return;
  }
  const std::string type = string_or(event, "type");
  if (whose == Whose::member) return print_member(event, type);
  if (type == "run.started") answered_ = false;
  if (type == "answer") answered_ = true;
  if (show_ == Show::trace) print_trace(event, type, "");
  if (show_ == Show::chat) print_chat(event, type);
  if (type == "answer" && show_ != Show::chat) {
    fmt::print(out_, "{}\n",
               isatty(fileno(out_)) ? printable(string_or(event, "text")) : string_or(event, "text"));
    std::fflush(out_);
  }
  if (type == "run.finished") print_failure(event);
}

// What a member does is under its name; only the team's answer is the answer.
void Printer::print_member(const Json& event, const std::string& type) {
  const std::string who = string_or(event, "agent") + " ";
  if (show_ == Show::trace) {
    print_trace(event, type, who);
    if (type == "answer") line(kDim, who + "answer:", string_or(event, "text"));
    if (type == "run.finished" && string_or(event, "status") != "done")
      line(kYellow, who + "ended:",
           fmt::format("{} ({}) {}", string_or(event, "status"), string_or(event, "reason"),
                       string_or(event, "error")));
  }
  if (show_ != Show::chat) return;
  if (type == "run.started") line(kDim, "·", string_or(event, "agent"));
  if (type == "action") line(kCyan, "·", who + string_or(event, "tool") + " " + input_text(event));
  if (type == "warning") line(kYellow, "!", who + string_or(event, "text"));
  if (type == "approval.denied") print_approval(event, type, who);
  if (type == "message") print_message(event);
}

void Printer::print_trace(const Json& event, const std::string& type, const std::string& who) {
  if (type == "thought") line(kDim, who + "thought:", string_or(event, "text"));
  if (type == "action") line(kCyan, who + "action:", string_or(event, "tool") + " " + input_text(event));
  if (type == "observation") line(kGreen, who + "observation:", outcome_text(event));
  if (type == "warning") line(kYellow, who + "warning:", string_or(event, "text"));
  if (type == "message") print_message(event);
  if (type == "handoff" && who.empty())  // the team's; the member's own call says the same
    line(kCyan, "handoff:",
         fmt::format("{} → {}: {}", string_or(event, "from"), string_or(event, "to"),
                     string_or(event, "reason")));
  if (type == "run.queued") line(kDim, "queued:", "another run goes first");
  if (type.starts_with("approval.")) print_approval(event, type, who);
}

// What is asked; that it was answered is told by the answer itself.
void Printer::print_message(const Json& event) {
  if (string_or(event, "kind") == "reply") return;
  const std::string text = string_or(event, "text");
  const Json* topic = find(event, "topic");
  const std::string to = string_or(event, "to", topic ? string_or(*topic, "type") : "");
  line(kCyan, fmt::format("{} → {}:", string_or(event, "from"), to),
       show_ == Show::chat ? text.substr(0, text.find('\n')) : text);
}

void Printer::print_chat(const Json& event, const std::string& type) {
  if (type == "action") line(kCyan, "·", string_or(event, "tool") + " " + input_text(event));
  if (type == "warning") line(kYellow, "!", string_or(event, "text"));
  if (type == "approval.denied") print_approval(event, type, "");
  if (type == "stream.reset" && streamed_) {
    fmt::print(out_, "\n");
    line(kYellow, "!", "what stands above was taken back");
    streamed_ = false;
  }
  if (type == "answer.delta") {
    fmt::print(out_, "{}", printable(string_or(event, "text")));
    streamed_ = true;
  }
  if (type == "answer") {
    if (!streamed_) fmt::print(out_, "{}", printable(string_or(event, "text")));
    fmt::print(out_, "\n");
    streamed_ = false;
  }
  std::fflush(out_);
}

void Printer::print_approval(const Json& event, const std::string& type, const std::string& who) {
  const std::string what = string_or(event, "tool") + " " + input_text(event);
  const std::string question = string_or(event, "question");
  if (type == "approval.required" && !question.empty())
    return line(kYellow, who + "asks a person:", question);
  const std::string reason = string_or(event, "reason");
  if (type == "approval.required" && !reason.empty())
    return line(kYellow, who + "asks whether to call again:", what + " (" + reason + ")");
  if (type == "approval.required") return line(kYellow, who + "waits for approval:", what);
  line(type == "approval.given" ? kGreen : kRed, who + (type == "approval.given" ? "allowed:" : "denied:"),
       fmt::format("{} (by {}{})", what, string_or(event, "by"), reason.empty() ? "" : ": " + reason));
}

void Printer::print_failure(const Json& event) {
  const std::string status = string_or(event, "status");
  if (status == "done") return;
  const std::string detail = string_or(event, "error");
  line(kRed, "troupe:",
       fmt::format("the run ended {}: {} ({}){}{}",
                   answered_ ? "at a limit, with the best answer it had" : "without an answer", status,
                   string_or(event, "reason"), detail.empty() ? "" : ": ", detail));
}

}  // namespace troupe::app
