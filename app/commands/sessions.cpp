#include "agents/runs/attachments.h"
#include "agents/runs/turn_record.h"
#include "app/commands/command.h"
#include "app/load.h"
#include "app/talk/printer.h"
#include "app/wiring.h"
#include "memory/conversation/openai_chat.h"
#include "memory/conversation/session_document.h"
#include "runtime/base/ids.h"
#include "runtime/base/suggest.h"
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
  std::string format = "troupe";
  std::size_t limit = 20;
  bool json = false;
};

constexpr std::size_t kRunsMax = 100'000;        // of a session, shown or exported
constexpr std::size_t kImportFile = 256u << 20;  // bytes, pictures included

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

/// The store of the configuration as its only owner. A daemon that has it is named.
int with_writer(const SessionsOptions& options, std::function<Task<int>(Engine&)> body) {
  auto loaded = load_for_command(options.config);
  if (!loaded) return kUsage;
  if (auto daemon = store::StoreLock::holder(loaded->configuration.store.path)) {
    complain(
        fmt::format("a daemon at {} has the store, and only it may change it; stop it, do this, and start "
                    "it again",
                    *daemon));
    return kStore;
  }
  return run_engine(std::move(loaded->configuration), loaded->source, std::move(body));
}

Json as_json(const store::SessionRow& row) {
  return {{"session", row.id},
          {"target", row.target},
          {"tenant", row.tenant},
          {"runs", row.runs},
          {"last_seq", row.last_seq},
          {"created", rfc3339(row.created_ms)},
          {"updated", rfc3339(row.updated_ms)}};
}

int list(store::StoreReader& reader, const SessionsOptions& options) {
  auto rows = reader.sessions("", options.limit);
  if (!rows) return tell(rows.error());
  if (!options.json && !rows->empty())
    fmt::print("{:21} {:20} {:>6}  {:19}  {:19}\n", "SESSION", "TARGET", "RUNS", "CREATED", "UPDATED");
  for (const store::SessionRow& row : *rows) {
    if (options.json)
      fmt::print("{}\n", dump(as_json(row)));
    else
      fmt::print("{:21} {:20} {:6}  {:19}  {:19}\n", row.id, row.target, row.runs,
                 rfc3339(row.created_ms).substr(0, 19), rfc3339(row.updated_ms).substr(0, 19));
  }
  return kDone;
}

/// The runs of a session that have ended, oldest first.
Result<std::vector<store::RunRow>> ended_runs(store::StoreReader& reader, const std::string& session) {
  auto rows = reader.runs("", session, kRunsMax);
  if (!rows) return rows;
  std::erase_if(*rows, [](const store::RunRow& row) { return !row.finished(); });
  std::ranges::reverse(*rows);
  return rows;
}

int show(store::StoreReader& reader, const SessionsOptions& options) {
  auto session = reader.session(options.session);
  if (!session) return tell(session.error());
  auto rows = reader.runs("", session->id, kRunsMax);
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

/// Pictures that came as data, in the place of the blob that has it.
Result<> put_data(store::StoreReader& reader, Json& attachments) {
  for (Json& one : attachments) {
    const std::string blob = string_or(one, "blob");
    if (blob.empty()) continue;
    auto data = reader.blob(blob);
    if (!data) return std::unexpected(data.error());
    one.erase("blob");
    one["data"] = std::move(*data);
  }
  return {};
}

Result<memory::SessionDocument> document_of(store::StoreReader& reader, const store::SessionRow& session) {
  memory::SessionDocument document{.session = session.id, .target = session.target};
  auto rows = ended_runs(reader, session.id);
  if (!rows) return std::unexpected(rows.error());
  for (const store::RunRow& row : *rows) {
    auto turn = memory::document_turn(row);
    if (!turn) continue;
    if (turn->attachments.is_array())
      if (auto put = put_data(reader, turn->attachments); !put) return std::unexpected(put.error());
    auto events = reader.run_events(row.id);
    if (!events) return std::unexpected(events.error());
    auto steps = agents::recorded_steps(*events);
    if (!steps) return std::unexpected(steps.error());
    turn->steps = std::move(*steps);
    document.turns.push_back(std::move(*turn));
  }
  return document;
}

int export_session(store::StoreReader& reader, const SessionsOptions& options) {
  auto session = reader.session(options.session);
  if (!session) return tell(session.error());
  auto document = document_of(reader, *session);
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

/// Who the conversation is with: as asked for, as the file says, or the configuration's default.
Result<std::string> target_of(const memory::SessionDocument& document, const SessionsOptions& options,
                              const Configuration& configuration) {
  const std::string& target = !options.target.empty()    ? options.target
                              : !document.target.empty() ? document.target
                                                         : configuration.default_target;
  if (target.empty())
    return fail(ErrorCode::invalid,
                "the file names no target and the configuration has no `default`; name one with --target");
  if (configuration.agents.contains(target)) return target;
  std::vector<std::string> names;
  for (const auto& [name, agent] : configuration.agents) names.push_back(name);
  return fail(ErrorCode::invalid,
              fmt::format("there is no agent `{}` in the configuration{}; name another with --target", target,
                          did_you_mean(target, names)));
}

Task<Result<std::string>> extra_of(store::Journal& journal, Json attachments) {
  if (!attachments.is_array() || attachments.empty()) co_return "";
  std::vector<models::Image> images;
  for (const Json& one : attachments) {
    const std::string data = string_or(one, "data");
    const std::string type = string_or(one, "media_type");
    images.push_back({data.empty() || data.starts_with("data:")
                          ? (data.empty() ? string_or(one, "url") : data)
                          : fmt::format("data:{};base64,{}", type, data)});
    if (images.back().url.empty())
      co_return fail(ErrorCode::invalid, "an attachment has neither `url` nor `data`");
  }
  if (auto fit = agents::check_attachments(images); !fit) co_return std::unexpected(fit.error());
  auto kept = co_await agents::keep_attachments(journal, std::move(images));
  if (!kept) co_return std::unexpected(kept.error());
  co_return dump(Json{{"attachments", std::move(*kept)}});
}

// `target`: who is to have answered all of them; "": each turn's own agent.
Task<Result<>> write_turns(Engine& engine, const memory::SessionDocument& document, store::SessionRow session,
                           std::string target) {
  SystemRng rng;
  for (std::size_t i = 0; i < document.turns.size(); ++i) {
    const memory::DocumentTurn& turn = document.turns[i];
    auto extra = co_await extra_of(engine.journal, turn.attachments);
    if (!extra) co_return within(fmt::format("/turns/{}/attachments", i), extra.error());
    const std::int64_t now = engine.loop.clock().wall_ms();
    const bool own = target.empty() && engine.configuration.agents.contains(turn.agent);
    const std::string& agent = own ? turn.agent : session.target;
    store::Append append = agents::imported_run({.id = make_id("r_", now, rng),
                                                 .session = session.id,
                                                 .tenant = session.tenant,
                                                 .target = agent,
                                                 .agent = agent,
                                                 .created_ms = now,
                                                 .finished_ms = now,
                                                 .config = engine.configuration.hash,
                                                 .extra = std::move(*extra)},
                                                turn, engine.desk.strategy_of(agent));
    if (auto done = co_await engine.journal.commit(std::move(append)); !done) co_return done;
  }
  co_return Result<>();
}

Task<int> write_session(Engine& engine, memory::ImportedSession imported, SessionsOptions options) {
  const memory::SessionDocument& document = imported.document;
  auto target = target_of(document, options, engine.configuration);
  if (!target) {
    complain(target.error().message);
    co_return kUsage;
  }
  SystemRng rng;
  const std::int64_t now = engine.loop.clock().wall_ms();
  store::Append begin;
  begin.session = store::SessionRow{.id = make_id("s_", now, rng),
                                    .tenant = Principal{}.tenant,
                                    .target = *target,
                                    .created_ms = now,
                                    .updated_ms = now};
  const store::SessionRow session = *begin.session;
  if (auto done = co_await engine.journal.commit(std::move(begin)); !done) co_return tell(done.error());
  if (auto written = co_await write_turns(engine, document, session, options.target); !written) {
    store::Append away;  // half a conversation is none
    away.forget = session.id;
    (void)co_await engine.journal.commit(std::move(away));
    co_return tell(written.error());
  }
  if (!imported.instructions.empty())
    complain(fmt::format("{} system message{} not carried over: an agent has its own instructions",
                         imported.instructions.size(),
                         imported.instructions.size() == 1 ? " was" : "s were"));
  fmt::print("{}\n", session.id);
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
  return with_writer(options, [&](Engine& engine) { return write_session(engine, *imported, options); });
}

Task<int> forget(Engine& engine, std::string session) {
  store::Append append;
  append.forget = std::move(session);
  auto done = co_await engine.journal.commit(std::move(append));
  co_return done ? kDone : tell(done.error());
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
  return with_writer(options, [&](Engine& engine) { return forget(engine, id); });
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
  import_command->add_option("--target", options->target, "The agent to go on with");
  import_command->callback([options, &exit_code] { exit_code = import_file(*options); });

  CLI::App* delete_command =
      add("delete", "Delete a conversation with all that was kept of its runs; asks nothing", true);
  delete_command->callback([options, &exit_code] { exit_code = remove(*options); });
}

}  // namespace troupe::app
