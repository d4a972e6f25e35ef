#include "agents/sessions/session_archive.h"
#include "agents/sessions/session_export.h"
#include "agents/sessions/session_import.h"
#include "app/commands/command.h"
#include "app/load.h"
#include "app/talk/daemon_call.h"
#include "app/talk/printer.h"
#include "app/wiring.h"
#include "memory/conversation/openai_chat.h"
#include "memory/conversation/session_document.h"
#include "runtime/async/run_task.h"
#include "runtime/store/store_reader.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

struct SessionsOptions {
  std::string config;
  std::string session;
  std::string file;
  std::string target;
  std::string token;
  std::string ca_file;
  std::string format = "troupe";
  std::size_t limit = 20;
  bool json = false;
};

constexpr std::size_t kImportFile = limits::kJsonBytes;  // pictures included

int tell(const Error& error) {
  complain(error.message);
  return error.code == ErrorCode::store ? kStore : kFailed;
}

/// The store of the configuration, beside a daemon that may own it.
int with_reader(const SessionsOptions& options, std::function<int(store::StoreReader&)> body) {
  auto loaded = load_for_command(options.config);
  if (!loaded) return kUsage;
  auto reader = store::open_store_reader(loaded->configuration.store.path);
  if (!reader) return tell(reader.error());
  return body(*reader);
}

/// The store of the configuration: through the daemon that has it, else as its only owner.
int with_writer(const SessionsOptions& options, const std::function<Task<int>(Loop&, RemoteSettings)>& remote,
                std::function<Task<int>(Engine&)> local) {
  auto loaded = load_for_command(options.config);
  if (!loaded) return kUsage;
  const auto daemon = store::StoreLock::holder(loaded->configuration.store.path);
  if (!daemon) return run_engine(std::move(loaded->configuration), loaded->source, std::move(local));
  if (daemon->empty()) {
    complain("another process has the store and does not listen; do this again when it has ended");
    return kStore;
  }
  SystemClock clock;
  Loop loop(clock);
  return run_task(loop, remote(loop, {*daemon, options.token, options.ca_file}));
}

/// What a person can mend in the command is wrong usage.
int tell_write(const Error& error) {
  complain(error.message);
  if (error.code == ErrorCode::invalid || error.code == ErrorCode::too_large) return kUsage;
  return error.code == ErrorCode::store ? kStore : kFailed;
}

int list(store::StoreReader& reader, const SessionsOptions& options) {
  auto rows = reader.sessions("", options.limit);
  if (!rows) return tell(rows.error());
  if (!options.json && !rows->empty())
    fmt::print("{:21} {:20} {:>6}  {:19}  {:19}\n", "SESSION", "TARGET", "RUNS", "CREATED", "UPDATED");
  for (const store::SessionRow& row : *rows) {
    if (options.json)
      fmt::print("{}\n", dump(agents::to_json(row)));
    else
      fmt::print("{:21} {:20} {:6}  {:19}  {:19}\n", row.id, row.target, row.runs,
                 rfc3339(row.created_ms).substr(0, 19), rfc3339(row.updated_ms).substr(0, 19));
  }
  return kDone;
}

int show(store::StoreReader& reader, const SessionsOptions& options) {
  auto session = reader.session(options.session);
  if (!session) return tell(session.error());
  auto rows = reader.runs("", session->id, agents::kSessionRuns);
  if (!rows) return tell(rows.error());
  std::ranges::reverse(*rows);
  const auto shown = [](const std::string& text) { return isatty(STDOUT_FILENO) ? printable(text) : text; };
  fmt::print("{}  with {}, since {}, {} run{}\n", session->id, session->target,
             rfc3339(session->created_ms).substr(0, 19), rows->size(), rows->size() == 1 ? "" : "s");
  for (const store::RunRow& row : *rows) {
    fmt::print("\nuser: {}\n", shown(row.input));
    if (!row.answer.empty()) fmt::print("{}: {}\n", row.agent, shown(row.answer));
    if (row.status != "done")
      fmt::print("({}: {}{})\n", row.id, row.status, row.finished() ? "" : ", at work");
  }
  return kDone;
}

int export_session(store::StoreReader& reader, const SessionsOptions& options) {
  auto session = reader.session(options.session);
  if (!session) return tell(session.error());
  auto document = agents::recorded_session(reader, *session);
  if (!document) return tell(document.error());
  const Json written = options.format == "openai" ? Json{{"messages", memory::to_openai_chat(*document)}}
                                                  : memory::to_json(*document);
  fmt::print("{}\n", dump_pretty(written));
  return kDone;
}

Result<std::string> read_file(const std::string& file) {
  std::ifstream opened;
  if (file != "-") opened.open(file, std::ios::binary);
  if (file != "-" && !opened) return fail(ErrorCode::not_found, fmt::format("{}: cannot be read", file));
  std::istream& in = file == "-" ? std::cin : opened;
  std::string text;
  for (char piece[64 << 10]; in.read(piece, sizeof piece) || in.gcount() > 0;) {
    text.append(piece, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kImportFile)
      return fail(ErrorCode::too_large,
                  fmt::format("{}: more than {} bytes, the most that is read", file, kImportFile));
  }
  return text;
}

Task<int> import_here(Engine& engine, memory::ImportedSession imported, std::string target) {
  auto session = co_await agents::import_session(engine.loop, engine.journal,
                                                 {.document = std::move(imported.document),
                                                  .tenant = Principal{}.tenant,
                                                  .target = std::move(target),
                                                  .catalog = engine.catalog});
  if (!session) co_return tell_write(session.error());
  if (const std::string remark = agents::left_out(imported); !remark.empty()) complain(remark);
  fmt::print("{}\n", session->id);
  co_return kDone;
}

Task<int> import_there(Loop& loop, RemoteSettings daemon, std::string text, std::string target) {
  std::string path = "/v1/sessions";
  if (!target.empty()) path += "?target=" + percent_encoded(target);
  auto made = co_await call_daemon(loop, std::move(daemon), {"POST", std::move(path), std::move(text)});
  if (!made) co_return tell_write(made.error());
  if (const Json* remarks = find(*made, "remarks"); remarks && remarks->is_array())
    for (const Json& remark : *remarks)
      if (remark.is_string()) complain(printable(remark.get<std::string>()));
  fmt::print("{}\n", printable(string_or(*made, "session")));
  co_return kDone;
}

int import_file(const SessionsOptions& options) {
  auto text = read_file(options.file);
  if (!text) return tell(text.error());
  auto imported = memory::import_session(*text);
  if (!imported) {
    complain(fmt::format("{}: {}", options.file == "-" ? "standard input" : options.file,
                         imported.error().message));
    return kUsage;
  }
  return with_writer(
      options,
      [&](Loop& loop, RemoteSettings daemon) { return import_there(loop, daemon, *text, options.target); },
      [&](Engine& engine) { return import_here(engine, *imported, options.target); });
}

Task<int> delete_here(Engine& engine, std::string session) {
  store::Append append;
  append.forget = std::move(session);
  auto done = co_await engine.journal.commit(std::move(append));
  co_return done ? kDone : tell(done.error());
}

Task<int> delete_there(Loop& loop, RemoteSettings daemon, std::string session) {
  auto gone = co_await call_daemon(loop, std::move(daemon),
                                   {"DELETE", "/v1/sessions/" + percent_encoded(session), ""});
  co_return gone ? kDone : tell(gone.error());
}

int remove(const SessionsOptions& options) {
  std::string id;
  const int found = with_reader(options, [&](store::StoreReader& reader) {
    auto session = reader.session(options.session);
    if (!session) return tell(session.error());
    id = session->id;
    return static_cast<int>(kDone);
  });
  if (found != kDone) return found;
  return with_writer(
      options, [&](Loop& loop, RemoteSettings daemon) { return delete_there(loop, daemon, id); },
      [&](Engine& engine) { return delete_here(engine, id); });
}

}  // namespace

void add_sessions(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<SessionsOptions>();
  CLI::App* command = app.add_subcommand("sessions", "List, show, export, import and delete conversations");
  command->require_subcommand(1);
  auto add = [&](const char* name, const char* description, bool one) {
    CLI::App* sub = command->add_subcommand(name, description);
    sub->add_option("-c,--config", options->config,
                    "Configuration file (default: as `troupe serve` looks for it)");
    if (one)
      sub->add_option("session", options->session, "The conversation's id, or enough of its beginning")
          ->required();
    return sub;
  };
  auto reads = [options, &exit_code](CLI::App* sub,
                                     int (*body)(store::StoreReader&, const SessionsOptions&)) {
    sub->callback([options, &exit_code, body] {
      exit_code = with_reader(*options, [&](store::StoreReader& reader) { return body(reader, *options); });
    });
  };

  auto writes = [options](CLI::App* sub) {
    sub->add_option("--token", options->token,
                    "Bearer token for a daemon that has the store (or environment TROUPE_TOKEN)")
        ->envname("TROUPE_TOKEN");
    sub->add_option("--ca", options->ca_file, "Certificates to trust when that daemon is on https, PEM");
    sub->footer("While a daemon has the store, it is asked to do this.");
  };

  CLI::App* list_command = add("list", "Newest first", false);
  list_command->add_option("-n,--limit", options->limit, "How many")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  list_command->add_flag("--json", options->json, "One JSON object a line");
  reads(list_command, list);

  reads(add("show", "What was said", true), show);

  CLI::App* export_command = add("export", "Write a conversation as JSON, tool calls included", true);
  export_command->add_option("--format", options->format, "troupe, or openai: the messages of a chat")
      ->capture_default_str()
      ->check(CLI::IsMember({"troupe", "openai"}));
  reads(export_command, export_session);

  CLI::App* import_command =
      add("import", "Read a conversation from a file as `export` writes it, or OpenAI's messages", false);
  import_command->add_option("file", options->file, "The file; -: standard input")->required();
  import_command->add_option("--target", options->target, "The agent or chain to go on with");
  writes(import_command);
  import_command->callback([options, &exit_code] { exit_code = import_file(*options); });

  CLI::App* delete_command =
      add("delete", "Delete a conversation with all that was kept of its runs; asks nothing", true);
  writes(delete_command);
  delete_command->callback([options, &exit_code] { exit_code = remove(*options); });
}

}  // namespace troupe::app
