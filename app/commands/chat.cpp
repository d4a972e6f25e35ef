#include "app/commands/command.h"
#include "app/talk/connect.h"
#include "app/talk/one_run.h"
#include "runtime/async/line_reader.h"

#include <iostream>
#include <set>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

class Chat {
 public:
  Chat(Loop& loop, Peer& peer, const TalkOptions& options, Json inputs)
      : loop_(loop),
        peer_(peer),
        options_(options),
        inputs_(std::move(inputs)),
        printer_(Show::chat, stdout, stderr),
        lines_(loop, std::cin),
        interactive_(isatty(STDIN_FILENO)) {}

  Task<int> run() {
    auto session = co_await peer_.open(options_.session, options_.target, std::nullopt);
    if (!session) {
      complain(session.error().message);
      co_return session.error().code == ErrorCode::not_found ? kUsage : kFailed;
    }
    session_ = *session;
    if (interactive_)
      fmt::print(stderr, "Conversation {}. /help shows the commands; Ctrl-C cancels a run, twice leaves.\n",
                 session_);
    int code = kDone;
    if (auto stuck = co_await catch_up(); stuck == kNeedsApproval || left_) co_return stuck;
    for (;;) {
      auto line = co_await read_line();
      if (!line) break;
      if (line->empty()) continue;
      if (line->starts_with('/')) {
        if (!co_await command(*line)) break;
        continue;
      }
      auto turn = co_await say(*line);
      if (turn == kInterrupted && left_) co_return kInterrupted;
      if (turn == kNeedsApproval) co_return turn;
      if (!interactive_ && turn != kDone) code = turn;
    }
    co_return code;
  }

 private:
  Task<std::optional<std::string>> read_line() {
    if (interactive_) {
      fmt::print(stderr, "> ");
      std::fflush(stderr);
    }
    Stop leave;
    Stop unused;
    Interrupts interrupts(loop_, leave, unused);
    auto line = co_await lines_.next(leave);
    if (!line && interactive_) fmt::print(stderr, "\n");
    co_return line;
  }

  // What waits for a person goes first: a message would only wait behind it.
  Task<int> catch_up() {
    std::set<std::string> runs;
    for (const Approval& waiting : peer_.waiting()) runs.insert(waiting.run);
    int code = kDone;
    for (const std::string& run : runs) {
      Stop cancelled;
      Stop gone;
      Interrupts interrupts(loop_, cancelled, gone);
      Following following{printer_, interactive_ ? &lines_ : nullptr, cancelled, gone};
      code = co_await follow_run(loop_, peer_, run, following);
      left_ = gone.requested();
    }
    co_return code;
  }

  Task<int> say(std::string text) {
    Stop cancelled;
    Stop gone;
    Interrupts interrupts(loop_, cancelled, gone);
    asked_.push_back(text);
    Outgoing message{.id = "", .text = std::move(text), .inputs = inputs_};
    Following following{printer_, interactive_ ? &lines_ : nullptr, cancelled, gone};
    int code = co_await follow_run(loop_, peer_, std::move(message), following);
    left_ = gone.requested();
    co_return code;
  }

  // False when the conversation is to end.
  Task<bool> command(std::string text) {
    if (text == "/quit" || text == "/exit") co_return false;
    if (text == "/history") {
      for (std::size_t i = 0; i < asked_.size(); ++i) fmt::print(stderr, "{:3} {}\n", i + 1, asked_[i]);
    } else if (text == "/session") {
      fmt::print(stderr, "{}\n", session_);
    } else if (text == "/new") {
      auto made = co_await peer_.open("", options_.target, std::nullopt);
      if (made) session_ = *made;
      fmt::print(stderr, "{}\n", made ? "Conversation " + session_ + "." : made.error().message);
    } else {
      if (text != "/help") fmt::print(stderr, "There is no command {}.\n", text);
      fmt::print(stderr,
                 "/help     this\n/history  what you asked\n/session  the id to come back with: troupe chat "
                 "--session ID\n"
                 "/new      start a new conversation\n/quit     leave (also Ctrl-D)\n");
    }
    co_return true;
  }

  Loop& loop_;
  Peer& peer_;
  const TalkOptions& options_;
  Json inputs_;
  Printer printer_;
  LineReader lines_;
  bool interactive_;
  bool left_ = false;
  std::string session_;
  std::vector<std::string> asked_;
};

Task<int> converse(Loop& loop, Peer& peer, const TalkOptions& options, Json inputs) {
  Chat chat(loop, peer, options, std::move(inputs));
  co_return co_await chat.run();
}

}  // namespace

void add_chat(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<TalkOptions>();
  CLI::App* command = app.add_subcommand("chat", "Hold a conversation in the terminal");
  add_talk_options(*command, *options);
  command->footer(
      "Type a message and Enter. /help lists the commands. Ctrl-C cancels the run at work, a second one "
      "leaves. A call that needs an approval is asked about; where there is no terminal, chat then ends with "
      "3 and "
      "the run waits.");
  command->callback([options, &exit_code] {
    auto inputs = parse_inputs(options->inputs);
    if (!inputs) {
      complain(inputs.error().message);
      exit_code = kUsage;
      return;
    }
    exit_code =
        with_peer(*options, [&](Loop& loop, Peer& peer) { return converse(loop, peer, *options, *inputs); });
  });
}

}  // namespace troupe::app
