#include "app/commands/runs_go_on.h"

#include "app/commands/command.h"
#include "app/load.h"
#include "app/talk/connect.h"
#include "app/talk/daemon_call.h"
#include "app/talk/one_run.h"
#include "runtime/async/run_task.h"
#include "runtime/store/store_reader.h"

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

struct GoOnOptions {
  TalkOptions talk;
  agents::ForkOrder order;
  int from = 0;
  std::string input;
  std::vector<std::string> outputs;  // CALL=TEXT
  bool after_step = false;
  bool detach = false;
  bool trace = false;
  bool json = false;
};

int tell(const Error& error) {
  complain(error.message);
  switch (error.code) {
    case ErrorCode::store:
      return kStore;
    case ErrorCode::invalid:
    case ErrorCode::not_found:
      return kUsage;
    default:
      return kFailed;
  }
}

Result<store::RunRow> told_by_daemon(const GoOnOptions& options) {
  SystemClock clock;
  Loop loop(clock);
  Result<store::RunRow> row = fail(ErrorCode::internal, "");
  (void)run_task(loop, [](Loop& on, const GoOnOptions& asked, Result<store::RunRow>& out) -> Task<int> {
    auto told =
        co_await call_daemon(on, {asked.talk.url, asked.talk.token, asked.talk.ca_file},
                             {.method = "GET", .path = "/v1/runs/" + percent_encoded(asked.order.run)});
    if (!told) {
      out = std::unexpected(told.error());
      co_return kFailed;
    }
    out = store::RunRow{.id = string_or(*told, "run"),
                        .session = string_or(*told, "session"),
                        .status = string_or(*told, "status")};
    out->finished_ms = told->contains("finished") ? 1 : 0;
    out->first_seq = 1;
    co_return kDone;
  }(loop, options, row));
  return row;
}

/// The run that was named by its beginning, as the store has it; of a daemon elsewhere, which takes the whole
/// name, as that tells.
Result<store::RunRow> named(const GoOnOptions& options) {
  if (!options.talk.url.empty()) return told_by_daemon(options);
  auto loaded = load_for_command(options.talk.config);
  if (!loaded) return fail(ErrorCode::invalid, "the configuration cannot be used");
  auto reader = store::open_store_reader(loaded->configuration.store.path);
  if (!reader) return std::unexpected(reader.error());
  return reader->run(options.order.run);
}

Result<> complete(GoOnOptions& options) {
  for (const std::string& text : options.outputs) {
    const auto at = text.find('=');
    if (at == text.npos || at == 0)
      return fail(ErrorCode::invalid,
                  fmt::format("--output {}: expected CALL=TEXT, such as c_1=seven", text));
    options.order.outputs.push_back({.call = text.substr(0, at), .output = text.substr(at + 1)});
  }
  if (options.from > 0) options.order.from = options.from;
  if (!options.input.empty()) options.order.input = options.input;
  return {};
}

Task<int> go_on(Loop& loop, Peer& peer, const GoOnOptions& options, const store::RunRow& of) {
  auto forked = co_await peer.fork(options.order);
  if (!forked) co_return tell(forked.error());
  if (!options.json)
    complain(fmt::format("run {} in session {} goes on from run {}, with {} step{} of it", forked->run,
                         forked->session, options.order.run, forked->kept, forked->kept == 1 ? "" : "s"));
  if (options.detach) {
    fmt::print("{}\n", forked->run);
    co_return kDone;
  }
  const std::int64_t after = options.order.resumes ? of.last_seq : 0;
  if (auto opened = co_await peer.open(forked->session, "", after); !opened) co_return tell(opened.error());
  Stop cancelled;
  Stop gone;
  Interrupts interrupts(loop, cancelled, gone);
  Printer printer(options.json ? Show::json : options.trace ? Show::trace : Show::answer, stdout, stderr);
  std::unique_ptr<LineReader> lines;
  if (std::istream* terminal = terminal_input()) lines = std::make_unique<LineReader>(loop, *terminal);
  co_return co_await follow_run(loop, peer, forked->run, {printer, lines.get(), cancelled, gone});
}

int run_go_on(GoOnOptions options) {
  if (auto sound = complete(options); !sound) return tell(sound.error());
  auto of = named(options);
  if (!of) return tell(of.error());
  options.order.run = of->id;
  return with_peer(options.talk, [&](Loop& loop, Peer& peer) { return go_on(loop, peer, options, *of); });
}

// Until everything of the run has ended.
Task<int> stop_run(Loop& loop, Peer& peer, const GoOnOptions& options, const store::RunRow& row) {
  auto opened = co_await peer.open(row.session, "", row.first_seq - 1);
  if (!opened) co_return tell(opened.error());
  const auto mode = options.after_step ? agents::CancelMode::after_step : agents::CancelMode::now;
  if (auto asked = co_await peer.cancel(row.id, mode); !asked) co_return tell(asked.error());
  Stop left;
  Stop unused;
  Interrupts interrupts(loop, left, unused);
  for (;;) {
    auto text = co_await peer.next(left);
    if (!text) co_return left.requested() ? kInterrupted : tell(text.error());
    auto event = parse_json(*text);
    if (!event || string_or(*event, "type") != "run.finished" || string_or(*event, "run") != row.id) continue;
    fmt::print("{}\n", options.json ? *text : fmt::format("run {}: {}", row.id, string_or(*event, "status")));
    co_return kDone;
  }
}

int cancel(const GoOnOptions& options) {
  auto of = named(options);
  if (!of) return tell(of.error());
  if (of->finished()) {
    complain(fmt::format("run {} has ended already: {}", of->id, of->status));
    return kDone;
  }
  return with_peer(options.talk, [&](Loop& loop, Peer& peer) { return stop_run(loop, peer, options, *of); });
}

}  // namespace

void add_runs_go_on(CLI::App& runs, int& exit_code) {
  auto add = [&](const char* name, const char* description) {
    auto options = std::make_shared<GoOnOptions>();
    CLI::App* sub = runs.add_subcommand(name, description);
    add_daemon_options(*sub, options->talk);
    sub->add_option("run", options->order.run, "The run's id, or enough of its beginning")->required();
    return std::pair(sub, options);
  };
  auto showing = [&](CLI::App* sub, std::shared_ptr<GoOnOptions> options) {
    sub->add_option("--model", options->order.model,
                    "Another entry of `models:` for the agent; AGENT=MODEL for one of a team");
    CLI::Option* detach = sub->add_flag("--detach", options->detach, "Print the new run's id and leave");
    sub->add_flag("--trace", options->trace, "Show thoughts, actions and observations on stderr as they come")
        ->excludes(detach);
    sub->add_flag("--json", options->json, "Print every event as one JSON object a line")->excludes(detach);
  };

  auto [stop, stop_options] = add("cancel", "Stop a run that is at work, and wait until nothing of it is");
  stop->add_flag("--json", stop_options->json, "Print its last event");
  stop->add_flag("--after-step", stop_options->after_step, "Let the step at work come to its end");
  stop->callback([options = stop_options, &exit_code] { exit_code = cancel(*options); });

  auto [resume, resume_options] =
      add("resume", "Go on with a run that failed, was cancelled or set aside, or ended at a limit");
  resume_options->order.resumes = true;
  showing(resume, resume_options);
  resume->footer(
      "A new run in the same session keeps what the run did and does its last step anew, under the present\n"
      "configuration, with the limits of a run once more. Calls that may have been made are not made again.");
  resume->callback([options = resume_options, &exit_code] { exit_code = run_go_on(*options); });

  auto [fork, fork_options] =
      add("fork", "Go on from a step of a run in a new session, with something changed");
  fork->add_option("--from", fork_options->from,
                   "The step that is done anew, or the task of a team (default: after the last complete one)")
      ->check(CLI::Range(1, 1'000'000));
  fork->add_option("--input", fork_options->input, "Another message in the place of the one that was asked");
  fork->add_option("--output", fork_options->outputs,
                   "CALL=TEXT: another output in the place of what a call brought; may be repeated");
  showing(fork, fork_options);
  fork->footer(
      "The new session begins with a copy of the conversation before the run. What steps did outside that "
      "are\n"
      "done anew is not undone.\n"
      "Example: troupe runs fork r_01jd --from 3 --model large --output c_2=\"no results\" --trace");
  fork->callback([options = fork_options, &exit_code] { exit_code = run_go_on(*options); });
}

}  // namespace troupe::app
