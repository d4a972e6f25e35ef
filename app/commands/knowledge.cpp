#include "app/commands/knowledge.h"

#include "app/commands/command.h"
#include "app/interrupt.h"
#include "app/knowledge_text.h"
#include "app/load.h"
#include "app/progress_bar.h"
#include "app/talk/printer.h"
#include "app/warnings.h"
#include "runtime/base/suggest.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <optional>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

constexpr std::size_t kPage = 500;
constexpr std::size_t kStdinBytes = 64u << 20;

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

/// What is to be taken in: the sources of the configuration, or those that were named.
Result<memory::IngestRequest> request_of(const memory::ConfiguredBase& base,
                                         const KnowledgeOptions& options) {
  memory::IngestRequest request;
  request.force = options.force;
  request.sources = base.settings.sources;
  if (options.sources.empty()) return request;
  request.origin = memory::Origin::added;
  request.sources.clear();
  for (const std::string& source : options.sources) {
    if (source != "-") {
      request.sources.push_back(absolute_source(source));
      continue;
    }
    auto given = read_stdin(options.name);
    if (!given) return fail(std::move(given.error()));
    request.given.push_back(std::move(*given));
  }
  return request;
}

void print_preview(std::string_view base, const memory::IngestPreview& preview, bool json) {
  for (const std::string& warning : preview.warnings) fmt::print(stderr, "{}\n", printable(warning));
  if (preview.more_warnings > 0) fmt::print(stderr, "and {} more warnings\n", preview.more_warnings);
  if (json)
    fmt::print("{}\n", dump(to_json(base, preview)));
  else
    fmt::print("{}", printable(preview_text(base, preview)));
  std::fflush(stdout);
}

Task<int> preview(LibraryServices services, const memory::ConfiguredBase& base, KnowledgeOptions options,
                  memory::IngestRequest request, Stop& stop) {
  auto made = co_await services.library.preview(base, options.tenant, std::move(request), stop);
  if (!made) {
    complain(fmt::format("{}: {}", base.settings.name, made.error().message));
    co_return stop.requested() ? kInterrupted : kFailed;
  }
  print_preview(base.settings.name, *made, options.json);
  co_return made->failed > 0 ? kFailed : kDone;
}

Task<int> take_in(LibraryServices services, const memory::ConfiguredBase& base, KnowledgeOptions options,
                  Stop& stop) {
  auto wanted = request_of(base, options);
  if (!wanted) {
    complain(wanted.error().message);
    co_return kUsage;
  }
  memory::IngestRequest request = std::move(*wanted);
  if (options.dry_run) co_return co_await preview(services, base, options, std::move(request), stop);
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

using Body = Task<int> (*)(LibraryServices, KnowledgeOptions);

}  // namespace

void add_knowledge(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<KnowledgeOptions>();
  CLI::App* command = app.add_subcommand(
      "knowledge", "Take documents into knowledge bases, list, check, search and delete them");
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
      exit_code = with_library(
          loaded->configuration, [&](LibraryServices services) { return body(services, *options); },
          body == Body(add) ? Readers::expected : Readers::unlikely);
    });
    return made;
  };

  CLI::App* adding = sub("add", "Take documents in: the sources of the configuration, or those named", add);
  adding->add_option("knowledge", options->base, "Which base (default: every one with `sources`)");
  adding->add_option("source", options->sources,
                     "Files, folders, patterns, URLs; - reads standard input (default: its `sources`)");
  adding->add_option("--name", options->name, "What the document from standard input is called");
  adding->add_flag("--force", options->force, "Also what has not changed");
  adding->add_flag("--dry-run", options->dry_run, "Only say what would be done");
  adding->footer(
      "Unchanged files cost nothing. What the configuration's `sources` do not name any more is taken away;\n"
      "what was added by name stays until it is deleted. Interrupted, it goes on where it was.\n"
      "Example: troupe knowledge add handbook docs/ https://example.org/page.html");

  CLI::App* listing = sub("list", "The bases, or the documents of one", list);
  listing->add_option("knowledge", options->base, "Which base");

  CLI::App* showing = sub("show", "A base and its documents, a page at a time", show_base);
  showing->add_option("knowledge", options->base, "Which base")->required();
  showing->add_option("-n,--limit", options->limit, "How many documents")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  showing->add_option("--after", options->after, "Only sources behind this one, in their order");

  CLI::App* checking = sub("check", "Whether rows, terms and vectors agree", check_bases);
  checking->add_option("knowledge", options->base, "Which base (default: all)");

  CLI::App* searching = sub("search", "Search a base and print what is found", search);
  searching->add_option("knowledge", options->base, "Which base")->required();
  searching->add_option("query", options->query, "What to look for")->required();
  searching->add_option("--mode", options->mode, "similarity, keyword, hybrid, mmr or threshold")
      ->check(CLI::IsMember(memory::search_modes()));
  searching->add_option("-k,--k", options->k, "How many hits");
  add_search_options(*searching, options->search);
  searching->add_option("--document", options->document, "Only this one, by its source or id");
  searching->footer("Example: troupe knowledge search handbook \"days of leave\" --mode hybrid --k 3");

  CLI::App* deleting = sub("delete", "Delete documents, or all of a base", delete_documents);
  deleting->add_option("knowledge", options->base, "Which base")->required();
  deleting->add_option("source", options->sources, "Documents, as `list` shows them");
  deleting->add_flag("--all", options->all, "Everything in the base");
}

}  // namespace troupe::app
