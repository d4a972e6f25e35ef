#include "app/commands/command.h"
#include "app/load.h"
#include "app/talk/connect.h"
#include "app/talk/one_run.h"
#include "app/talk/printer.h"
#include "runtime/bus/dead_letter_row.h"
#include "runtime/store/store_reader.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

struct BusOptions {
  TalkOptions talk;
  std::string resend;
  std::size_t limit = 20;
  bool json = false;
};

int tell(const Error& error) {
  complain(error.message);
  return error.code == ErrorCode::store ? kStore : kFailed;
}

Json as_json(const bus::DeadLetter& letter) {
  const bus::Message& message = letter.message;
  Json json = {{"id", message.id},
               {"tenant", message.room.tenant},
               {"session", message.room.session},
               {"run", message.room.run},
               {"reason", bus::word(letter.reason)},
               {"detail", letter.detail},
               {"from", message.from},
               {"to", message.to},
               {"kind", bus::word(message.kind)},
               {"text", message.text},
               {"at", rfc3339(letter.at_ms)}};
  if (!message.topic.type.empty())
    json["topic"] = {{"type", message.topic.type}, {"source", message.topic.source}};
  if (!message.data.is_null()) json["data"] = message.data;
  if (letter.resent_ms != 0) json["resent"] = rfc3339(letter.resent_ms);
  return json;
}

std::string as_text(const bus::DeadLetter& letter) {
  const bus::Message& message = letter.message;
  std::string text = fmt::format(
      "{}  {}  {}{}\n    {} -> {}: {}\n", rfc3339(letter.at_ms).substr(0, 19), message.id,
      bus::word(letter.reason), letter.resent_ms == 0 ? "" : ", sent again " + rfc3339(letter.resent_ms),
      message.from, message.to.empty() ? message.topic.type : message.to, letter.detail);
  text += "    " + message.text + "\n";
  return text;
}

int list(store::StoreReader& reader, const BusOptions& options) {
  auto rows = reader.dead_letters("", options.limit);
  if (!rows) return tell(rows.error());
  for (const store::DeadLetterRow& row : *rows) {
    auto letter = bus::dead_letter_of(row);
    if (!letter) return tell(letter.error());
    const std::string text = options.json ? dump(as_json(*letter)) + "\n" : as_text(*letter);
    fmt::print("{}", !options.json && isatty(STDOUT_FILENO) ? printable(text) : text);
  }
  return kDone;
}

Task<int> send_again(Loop& loop, Peer& peer, bus::Message message, bool json) {
  auto opened = co_await peer.open(message.room.session, "", std::nullopt);
  if (!opened) co_return tell(opened.error());
  Stop cancelled;
  Stop gone;
  Interrupts interrupts(loop, cancelled, gone);
  Printer printer(json ? Show::json : Show::answer, stdout, stderr);
  Outgoing outgoing{.id = bus::resend_id(message), .text = message.text, .target = message.to};
  co_return co_await follow_run(loop, peer, std::move(outgoing), {printer, nullptr, cancelled, gone});
}

/// The run that comes of it is what marks the letter, so that no other way to the store is needed.
int resend(store::StoreReader& reader, const BusOptions& options) {
  auto row = reader.dead_letter(options.resend);
  if (!row) return tell(row.error());
  auto letter = bus::dead_letter_of(*row);
  if (!letter) return tell(letter.error());
  if (letter->resent_ms != 0) {
    complain(fmt::format("dead letter {} was sent again at {}; nothing is done", options.resend,
                         rfc3339(letter->resent_ms)));
    return kDone;
  }
  if (letter->message.to.empty()) {
    complain(
        fmt::format("dead letter {} went to the topic `{}`, to which nobody subscribes: there is nobody "
                    "to send it to",
                    options.resend, letter->message.topic.type));
    return kFailed;
  }
  return with_peer(options.talk, [&](Loop& loop, Peer& peer) {
    return send_again(loop, peer, letter->message, options.json);
  });
}

int run_dead_letters(const BusOptions& options) {
  auto loaded = load_for_command(options.talk.config);
  if (!loaded) return kUsage;
  auto reader = store::open_store_reader(loaded->configuration.store.path);
  if (!reader) return tell(reader.error());
  return options.resend.empty() ? list(*reader, options) : resend(*reader, options);
}

}  // namespace

void add_bus(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<BusOptions>();
  CLI::App* command = app.add_subcommand("bus", "Messages between agents");
  command->require_subcommand(1);
  CLI::App* letters = command->add_subcommand("dead-letters", "What could not be delivered, newest first");
  letters->add_option("-c,--config", options->talk.config,
                      "Configuration file (default: as `troupe serve` looks for it)");
  letters->add_option("-n,--limit", options->limit, "How many")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  letters->add_flag("--json", options->json,
                    "One JSON object a line; with --resend the events of the run that comes of it");
  letters->add_option("--resend", options->resend,
                      "Send this one to its receiver as a new message of its conversation, and print the "
                      "answer; once: a second time does nothing");
  letters
      ->add_option("--token", options->talk.token,
                   "Bearer token for the daemon that has the store (or environment TROUPE_TOKEN)")
      ->envname("TROUPE_TOKEN");
  letters->callback([options, &exit_code] { exit_code = run_dead_letters(*options); });
}

}  // namespace troupe::app
