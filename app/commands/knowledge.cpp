#include "app/commands/command.h"
#include "app/knowledge_text.h"
#include "app/load.h"
#include "app/progress_bar.h"
#include "app/search_options.h"
#include "app/talk/printer.h"
#include "app/warnings.h"
#include "app/wiring.h"
#include "memory/knowledge/source_name.h"
#include "runtime/base/suggest.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <optional>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

constexpr std::size_t kPage = 500;
constexpr std::size_t kStdinBytes = 64u << 20;

struct KnowledgeOptions {
  std::string config;
  std::string base;
  std::string query;
  std::string name;    // of what comes from stdin
  std::string tenant;  // whose base; "": everybody's
  std::vector<std::string> sources;
  SearchOptions search;
  std::string mode;
  std::string document;
  std::optional<std::size_t> k;
  bool force = false;
  bool all = false;
  bool json = false;
};

std::string absolute(const std::string& source) {
  if (memory::is_url(source)) return source;
  return (std::filesystem::current_path() / source).lexically_normal().string();
}

Result<memory::GivenDocument> read_stdin(std::string name) {
  memory::GivenDocument given{.name = std::move(name), .bytes = {}};
  given.bytes.assign(std::istreambuf_iterator<char>(std::cin), {});
  if (given.name.empty())
    return fail(ErrorCode::invalid, "what comes from standard input needs a name: --name notes.md");
  if (given.bytes.size() > kStdinBytes)
    return fail(ErrorCode::too_large, fmt::format("standard input has more than {} bytes", kStdinBytes));
  return given;
}

void print_report(std::string_view base, const memory::IngestReport& report, bool json) {
  for (const std::string& warning : report.warnings) fmt::print(stderr, "{}\n", printable(warning));
  if (report.more_warnings > 0) fmt::print(stderr, "and {} more warnings\n", report.more_warnings);
  if (json) return;  // its last event had it
  fmt::print("{}\n", report_line(base, report));
  std::fflush(stdout);
}

/// SIGINT ends an ingest between two documents' commits; what was committed stays.
class Interrupt {
 public:
  explicit Interrupt(Loop& loop) : set_(loop.context(), SIGINT, SIGTERM) {
    set_.async_wait([this](boost::system::error_code error, int) {
      if (!error) stop.request(StopReason::cancelled);
    });
  }
  ~Interrupt() { set_.cancel(); }
  Stop stop;

 private:
  boost::asio::signal_set set_;
};

Task<int> take_in(LibraryServices services, const memory::ConfiguredBase& base, KnowledgeOptions options,
                  Stop& stop) {
  memory::IngestRequest request;
  request.force = options.force;
  request.sources = base.settings.sources;
  if (!options.sources.empty()) {
    request.origin = memory::Origin::added;
    request.sources.clear();
    for (const std::string& source : options.sources) {
      if (source != "-") {
        request.sources.push_back(absolute(source));
        continue;
      }
      auto given = read_stdin(options.name);
      if (!given) {
        complain(given.error().message);
        co_return kUsage;
      }
      request.given.push_back(std::move(*given));
    }
  }
  ProgressBar bar(services.loop.clock());
  request.on_progress = [&bar](const memory::IngestProgress& progress) {
    bar.show(progress.done == progress.total,
             [&progress](std::size_t columns) { return progress_line(progress, columns); });
  };
  if (options.json)
    request.on_event = [&bar, &base](const memory::IngestEvent& event) {
      bar.clear();
      fmt::print("{}\n", dump(to_json(base.settings.name, event)));
      std::fflush(stdout);
    };
  Warnings warnings;
  auto report = co_await services.library.take_in(base, options.tenant, std::move(request), services.fetches,
                                                  warnings, stop);
  bar.clear();
  if (!report) {
    complain(fmt::format("{}: {}", base.settings.name, report.error().message));
    co_return stop.requested() ? kInterrupted : kFailed;
  }
  print_report(base.settings.name, *report, options.json);
  co_return report->failed > 0 ? kFailed : kDone;
}

Task<int> add(LibraryServices services, KnowledgeOptions options) {
  if (!options.tenant.empty() && options.sources.empty()) {
    complain(
        "what the configuration's `sources` bring is found by every tenant; name what is for this one: "
        "troupe knowledge add NAME PATH… --tenant TENANT");
    co_return kUsage;
  }
  std::vector<const memory::ConfiguredBase*> bases;
  if (options.base.empty()) {
    for (const auto& [name, base] : services.knowledge.bases())
      if (!base.settings.sources.empty()) bases.push_back(&base);
    if (bases.empty()) {
      complain(
          "no knowledge base of the configuration has `sources`; name one and what goes into it: "
          "troupe knowledge add NAME PATH…");
      co_return kUsage;
    }
  } else {
    auto base = services.knowledge.find(options.base);
    if (!base) {
      complain(base.error().message);
      co_return kUsage;
    }
    bases.push_back(*base);
    if (options.sources.empty() && (*base)->settings.sources.empty()) {
      complain(
          fmt::format("`knowledge.{}` has no `sources`; name what goes into it: troupe knowledge add {} "
                      "PATH…",
                      options.base, options.base));
      co_return kUsage;
    }
  }
  Interrupt interrupt(services.loop);
  int code = kDone;
  for (const memory::ConfiguredBase* base : bases) {
    const int one = co_await take_in(services, *base, options, interrupt.stop);
    if (one == kInterrupted || one == kUsage) co_return one;
    code = std::max(code, one);
  }
  co_return code;
}

Task<int> list_documents(LibraryServices services, const memory::BaseRow& base, bool json) {
  std::string after;
  bool first = true;
  for (;;) {
    auto page = co_await services.library.store().list_documents(base.id, after, kPage);
    if (!page) {
      complain(page.error().message);
      co_return kStore;
    }
    if (json)
      for (const memory::DocumentRow& document : *page) fmt::print("{}\n", dump(to_json(document)));
    else if (first || !page->empty())
      fmt::print("{}", printable(documents_table(*page)));
    first = false;
    if (page->size() < kPage) co_return kDone;
    after = page->back().source;
  }
}

Task<int> list(LibraryServices services, KnowledgeOptions options) {
  auto bases = co_await services.library.store().list_bases();
  if (!bases) {
    complain(bases.error().message);
    co_return kStore;
  }
  if (options.base.empty()) {
    // Those that hold nothing yet are there, too.
    for (const std::string& name : services.knowledge.names())
      if (std::ranges::none_of(*bases, [&](const auto& base) { return base.key.name == name; }))
        bases->push_back({.key = {"", name}, .embedding = "(nothing taken in yet)"});
    if (options.json)
      for (const memory::BaseRow& base : *bases) fmt::print("{}\n", dump(to_json(base)));
    else
      fmt::print("{}", printable(bases_table(*bases)));
    co_return kDone;
  }
  const memory::BaseKey wanted{options.tenant, options.base};
  for (const memory::BaseRow& base : *bases)
    if (base.key == wanted) co_return co_await list_documents(services, base, options.json);
  if (services.knowledge.find(options.base)) {
    if (!options.json) fmt::print(stderr, "knowledge base `{}` holds nothing yet\n", options.base);
    co_return kDone;
  }
  complain(services.knowledge.find(options.base).error().message);
  co_return kUsage;
}

Task<int> search(LibraryServices services, KnowledgeOptions options) {
  auto overrides = overrides_of(options.search);
  if (!overrides) {
    complain(overrides.error().message);
    co_return kUsage;
  }
  overrides->mode = memory::search_mode(options.mode);
  overrides->k = options.k;
  overrides->document = options.document;
  Warnings warnings;
  Interrupt interrupt(services.loop);
  CallContext context{.loop = services.loop,
                      .stop = interrupt.stop,
                      .deadline = {},
                      .events = warnings,
                      .principal = {.name = "local", .tenant = options.tenant}};
  auto found =
      co_await services.knowledge.search(options.base, options.query, std::move(*overrides), context);
  if (!found) {
    complain(found.error().message);
    const bool usage = found.error().code == ErrorCode::invalid || found.error().code == ErrorCode::not_found;
    co_return usage ? kUsage : interrupt.stop.requested() ? kInterrupted : kFailed;
  }
  if (options.json) {
    fmt::print("{}\n", dump_pretty(to_json(*found)));
    co_return kDone;
  }
  for (const std::string& remark : found->remarks) fmt::print(stderr, "{}\n", printable(remark));
  const std::string text = hits_text(*found);
  fmt::print("{}", isatty(STDOUT_FILENO) ? printable(text) : text);
  co_return kDone;
}

// A removal that is committed has not failed because the file stays as large as it was.
Task<> give_back(LibraryServices services) {
  Interrupt interrupt(services.loop);
  if (auto shrunk = co_await services.library.store().shrink(interrupt.stop); !shrunk)
    complain(shrunk.error().message);
}

Task<int> remove_all(LibraryServices services, memory::BaseKey key) {
  auto base = co_await services.library.store().find_base(key);
  auto removed = base ? co_await services.library.store().remove_base(key) : fail(std::move(base.error()));
  if (!removed) {
    complain(removed.error().message);
    co_return kStore;
  }
  if (*base) co_await services.library.table().forget(key, (*base)->id);
  co_await give_back(services);
  fmt::print("{}\n",
             *removed ? fmt::format("`{}` is empty", key.name) : fmt::format("`{}` held nothing", key.name));
  co_return kDone;
}

Task<int> remove(LibraryServices services, KnowledgeOptions options) {
  const memory::BaseKey key{options.tenant, options.base};
  if (options.all) co_return co_await remove_all(services, key);
  if (options.sources.empty()) {
    complain("name the documents to delete, as `troupe knowledge list` shows them, or --all");
    co_return kUsage;
  }
  auto base = co_await services.library.store().find_base(key);
  if (!base) {
    complain(base.error().message);
    co_return kStore;
  }
  if (!*base) {
    complain(fmt::format("knowledge base `{}` holds nothing", key.name));
    co_return kUsage;
  }
  int code = kDone;
  for (const std::string& written : options.sources) {
    // As it is listed, or as a file is written from here.
    Result<std::optional<memory::Change>> gone = std::optional<memory::Change>();
    for (const std::string& source : {written, absolute(written)}) {
      gone = co_await services.library.store().remove_document((*base)->id, source);
      if (!gone || *gone) break;
    }
    if (!gone) {
      complain(gone.error().message);
      co_return kStore;
    }
    if (*gone)
      fmt::print("deleted {} ({} chunks)\n", printable(written), (*gone)->removed.size());
    else
      complain(fmt::format("`{}` has no document `{}`", key.name, written)), code = kFailed;
  }
  co_await give_back(services);
  co_return code;
}

using Body = Task<int> (*)(LibraryServices, KnowledgeOptions);

}  // namespace

void add_knowledge(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<KnowledgeOptions>();
  CLI::App* command =
      app.add_subcommand("knowledge", "Take documents into knowledge bases, list, search and delete them");
  command->require_subcommand(1);
  auto sub = [&](const char* name, const char* about, Body body) {
    CLI::App* made = command->add_subcommand(name, about);
    made->add_option("-c,--config", options->config,
                     "Configuration file (default: as `troupe serve` looks for it)");
    made->add_option("--tenant", options->tenant, "Whose documents: without it what every tenant finds");
    made->add_flag("--json", options->json, "As JSON");
    made->callback([options, body, &exit_code] {
      auto loaded = load_for_command(options->config);
      if (!loaded) {
        exit_code = kUsage;
        return;
      }
      exit_code = with_library(loaded->configuration,
                               [&](LibraryServices services) { return body(services, *options); });
    });
    return made;
  };

  CLI::App* adding = sub("add", "Take documents in: the sources of the configuration, or those named", add);
  adding->add_option("knowledge", options->base, "Which base (default: every one with `sources`)");
  adding->add_option("source", options->sources,
                     "Files, folders, patterns, URLs; - reads standard input (default: its `sources`)");
  adding->add_option("--name", options->name, "What the document from standard input is called");
  adding->add_flag("--force", options->force, "Also what has not changed");
  adding->footer(
      "Unchanged files cost nothing. What the configuration's `sources` do not name any more is taken away;\n"
      "what was added by name stays until it is deleted. Interrupted, it goes on where it was.\n"
      "Example: troupe knowledge add handbook docs/ https://example.org/page.html");

  CLI::App* listing = sub("list", "The bases, or the documents of one", list);
  listing->add_option("knowledge", options->base, "Which base");

  CLI::App* searching = sub("search", "Search a base and print what is found", search);
  searching->add_option("knowledge", options->base, "Which base")->required();
  searching->add_option("query", options->query, "What to look for")->required();
  searching->add_option("--mode", options->mode, "similarity, keyword, hybrid, mmr or threshold")
      ->check(CLI::IsMember(memory::search_modes()));
  searching->add_option("-k,--k", options->k, "How many hits");
  add_search_options(*searching, options->search);
  searching->add_option("--document", options->document, "Only this one, by its source or id");
  searching->footer("Example: troupe knowledge search handbook \"days of leave\" --mode hybrid --k 3");

  CLI::App* deleting = sub("delete", "Delete documents, or all of a base", remove);
  deleting->add_option("knowledge", options->base, "Which base")->required();
  deleting->add_option("source", options->sources, "Documents, as `list` shows them");
  deleting->add_flag("--all", options->all, "Everything in the base");
}

}  // namespace troupe::app
