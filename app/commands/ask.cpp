#include "app/commands/command.h"
#include "app/talk/connect.h"
#include "app/talk/one_run.h"

#include <iostream>
#include <iterator>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

struct AskOptions {
  TalkOptions talk;
  std::string question;
  bool trace = false;
  bool json = false;
};

Task<int> ask(Loop& loop, Peer& peer, const AskOptions& options, Outgoing message) {
  auto session = co_await peer.open(options.talk.session, options.talk.target, std::nullopt);
  if (!session) {
    complain(session.error().message);
    co_return session.error().code == ErrorCode::not_found ? kUsage : kFailed;
  }
  Stop cancelled;
  Stop gone;
  Interrupts interrupts(loop, cancelled, gone);
  Printer printer(options.json ? Show::json : options.trace ? Show::trace : Show::answer, stdout, stderr);
  std::unique_ptr<LineReader> lines;
  if (std::istream* terminal = terminal_input()) lines = std::make_unique<LineReader>(loop, *terminal);
  Following following{printer, lines.get(), cancelled, gone};
  co_return co_await follow_run(loop, peer, std::move(message), following);
}

int run_ask(AskOptions& options) {
  Outgoing message;
  auto inputs = parse_inputs(options.talk.inputs);
  if (!inputs) {
    complain(inputs.error().message);
    return kUsage;
  }
  message.inputs = std::move(*inputs);
  message.text = options.question;
  if (options.question == "-") message.text.assign(std::istreambuf_iterator<char>(std::cin), {});
  while (message.text.ends_with('\n') || message.text.ends_with('\r')) message.text.pop_back();
  if (message.text.empty()) {
    complain("the question is empty");
    return kUsage;
  }
  return with_peer(options.talk, [&](Loop& loop, Peer& peer) { return ask(loop, peer, options, message); });
}

}  // namespace

void add_ask(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<AskOptions>();
  CLI::App* command = app.add_subcommand("ask", "Ask one question and print the answer");
  add_talk_options(*command, options->talk);
  command->add_flag("--trace", options->trace,
                    "Show thoughts, actions and observations on stderr as they come");
  command->add_flag("--json", options->json, "Print every event as one JSON object a line")
      ->excludes("--trace");
  command->add_option("question", options->question, "The question; - reads it from standard input")
      ->required();
  command->footer(
      "The answer goes to stdout. Where a daemon holds the store it is asked, else the run happens here.\n"
      "A call that needs an approval is asked about on the terminal.\n"
      "Exit: 0 answered, 1 the run failed, 2 wrong usage or configuration, 3 an approval is needed and there "
      "is no "
      "terminal (the run waits), 4 the store cannot be used, 130 interrupted.");
  command->callback([options, &exit_code] { exit_code = run_ask(*options); });
}

}  // namespace troupe::app
