#include "tools/builtin/wikipedia/wikipedia_tool.h"

#include "runtime/base/ascii.h"
#include "runtime/base/suggest.h"
#include "tools/observation.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr std::size_t kReadingsMax = 32;
constexpr std::size_t kPageBytes = 512u << 10;
constexpr std::size_t kChoicesMax = 30;
constexpr int kHitsOfFind = 5;

constexpr const char* kDescription =
    "Looks things up in Wikipedia. With `query` alone: searches and returns the summary of the best page, "
    "with its sections "
    "and other matching pages. operation `search` lists matching pages; `summary` summarizes the page titled "
    "`query`; "
    "`section` returns the section headed `query` of page `title`; `lookup` finds the words of `query` in "
    "page `title` (or in "
    "the page read last), and the same lookup again finds the next place.";

constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "query": {"type": "string", "minLength": 1, "maxLength": 300, "description": "what to look for; see `operation`"},
    "operation": {"type": "string", "enum": ["find", "search", "summary", "section", "lookup"], "description": "find by default"},
    "title": {"type": "string", "maxLength": 300, "description": "section, lookup: the title of the page"},
    "language": {"type": "string", "pattern": "^[a-z]{2,3}(-[a-z]{2,12})*$", "maxLength": 24, "description": "code of another Wikipedia, e.g. ko"},
    "max_results": {"type": "integer", "minimum": 1, "maximum": 20, "description": "search: how many, 5 by default"},
    "offset": {"type": "integer", "minimum": 0, "maximum": 9999, "description": "search: how many to skip"}
  },
  "required": ["query"],
  "additionalProperties": false
})json";

bool is_language(const std::string& code) {
  return code.size() >= 2 && code.size() <= 24 && code.front() != '-' && code.back() != '-' &&
         std::all_of(code.begin(), code.end(),
                     [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '-'; });
}

int integer_or(const Json& arguments, const char* name, int fallback) {
  const Json* value = find(arguments, name);
  return value && value->is_number() && value->get<double>() >= 0 && value->get<double>() < 10'000
             ? static_cast<int>(value->get<double>())
             : fallback;
}

std::vector<std::string> titles_of(const mediawiki::Hits& hits) {
  std::vector<std::string> titles;
  for (const mediawiki::Hit& hit : hits.hits) titles.push_back(hit.title);
  return titles;
}

std::string heading(const mediawiki::Page& page) {
  return fmt::format("{} — {}", page.title, page.url);
}

// What the reader should know of how this page was reached.
std::string reached_by(const mediawiki::Page& page) {
  if (!page.redirected) return "";
  return fmt::format("(redirected from {}{})\n", page.asked,
                     page.fragment.empty() ? "" : fmt::format(", to its section {}", page.fragment));
}

std::vector<Source> source_of(const mediawiki::Page& page) {
  return {{page.title, page.url}};
}

}  // namespace

struct WikipediaTool::Request {
  std::string query;
  std::string title;
  std::string language;
  int max_results = 5;
  int offset = 0;
  std::string reader;
  std::vector<std::string> others;  // further hits of a search, for the summary
};

Result<std::unique_ptr<Tool>> WikipediaTool::make(const ToolSettings& settings, net::HttpClient& http,
                                                  std::string user_agent, Patience patience) {
  if (!is_language(settings.language))
    return fail(ErrorCode::invalid,
                fmt::format("language `{}` is no code of a Wikipedia; write one such as en or ko",
                            settings.language));
  if (auto fine = check_base_url(settings.base_url); !fine) return fail(std::move(fine.error()));
  return std::unique_ptr<Tool>(new WikipediaTool(settings, http, std::move(user_agent), patience));
}

WikipediaTool::WikipediaTool(const ToolSettings& settings, net::HttpClient& http, std::string user_agent,
                             Patience patience)
    : client_(http, settings.base_url, std::move(user_agent), patience),
      language_(settings.language),
      sentences_(std::clamp(settings.sentences, 1, 50)) {
  spec_.declaration = {settings.name, settings.description.empty() ? kDescription : settings.description,
                       kSchema};
  spec_.effect = Effect::pure;
}

Task<Result<ToolOutput>> WikipediaTool::call(ToolInput input, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped("wikipedia", context.stop.reason()));
  const Json& arguments = input.arguments;
  Request request;
  request.query = string_or(arguments, "query");
  request.title = string_or(arguments, "title");
  request.language = string_or(arguments, "language", language_);
  request.max_results = std::clamp(integer_or(arguments, "max_results", 5), 1, 20);
  request.offset = integer_or(arguments, "offset", 0);
  request.reader = fmt::format("{}\n{}\n{}", context.principal.tenant, context.session, context.agent);
  if (request.query.find_first_not_of(" \t\n") == std::string::npos)
    co_return fail(ErrorCode::invalid, "`query` is missing: say what to look for");
  if (!is_language(request.language))
    co_return fail(ErrorCode::invalid,
                   fmt::format("`{}` is no language code; use one such as en or ko", request.language));

  const std::string operation = string_or(arguments, "operation", "find");
  if (operation == "find") co_return co_await find(std::move(request), context);
  if (operation == "search") co_return co_await search(std::move(request), context);
  if (operation == "summary" || operation == "page") co_return co_await summary(std::move(request), context);
  if (operation == "section") co_return co_await section(std::move(request), context);
  if (operation == "lookup") co_return co_await lookup(std::move(request), context);
  co_return fail(
      ErrorCode::invalid,
      fmt::format("there is no operation `{}`; use find, search, summary, section or lookup", operation));
}

Task<Result<ToolOutput>> WikipediaTool::find(Request request, CallContext& context) {
  auto hits = co_await client_.search(request.language, request.query, kHitsOfFind, 0, context);
  if (!hits) co_return fail(hits.error());
  std::string note;
  if (hits->hits.empty() && !hits->suggestion.empty()) {
    note = fmt::format("(nothing is found for {}; this is for {})\n", request.query, hits->suggestion);
    const std::string better = hits->suggestion;
    hits = co_await client_.search(request.language, better, kHitsOfFind, 0, context);
    if (!hits) co_return fail(hits.error());
  }
  std::vector<std::string> titles = titles_of(*hits);
  if (titles.empty())
    co_return fail(
        ErrorCode::not_found,
        fmt::format("Wikipedia ({}) has nothing on `{}`. Try fewer or other words, or another language.",
                    request.language, request.query));
  // A page of exactly this title is what was meant, wherever the search engine ranks it.
  const auto exact = std::find_if(titles.begin(), titles.end(),
                                  [&](const std::string& t) { return lower(t) == lower(request.query); });
  if (exact != titles.end()) std::rotate(titles.begin(), exact, exact + 1);
  const std::string best = titles.front();
  request.others.assign(titles.begin() + 1, titles.end());
  auto reading = co_await read(request, best, context);
  if (!reading) co_return fail(reading.error());
  if (reading->page.disambiguation) co_return co_await choices(std::move(*reading), context);
  ToolOutput output = summarized(*reading);
  output.text = note + output.text;
  if (!request.others.empty())
    output.text += fmt::format("\nOther pages: {}", fmt::join(request.others, "; "));
  co_return output;
}

Task<Result<ToolOutput>> WikipediaTool::search(Request request, CallContext& context) {
  auto hits =
      co_await client_.search(request.language, request.query, request.max_results, request.offset, context);
  if (!hits) co_return fail(hits.error());
  ToolOutput output;
  if (hits->hits.empty()) {
    const std::string suggestion = hits->suggestion.empty()
                                       ? "Try fewer or other words."
                                       : fmt::format("Did you mean `{}`?", hits->suggestion);
    co_return fail(ErrorCode::not_found,
                   fmt::format("Wikipedia ({}) has no {}page on `{}`. {}", request.language,
                               request.offset > 0 ? "further " : "", request.query, suggestion));
  }
  if (hits->total >= 0) output.text = fmt::format("{} pages match `{}`.\n", hits->total, request.query);
  int number = request.offset;
  for (const mediawiki::Hit& hit : hits->hits) {
    output.text +=
        fmt::format("{}. {}{}\n", ++number, hit.title, hit.snippet.empty() ? "" : ": " + hit.snippet);
    output.sources.push_back({hit.title, client_.page_url(request.language, hit.title)});
  }
  if (!hits->suggestion.empty()) output.text += fmt::format("Did you mean `{}`?\n", hits->suggestion);
  if (hits->next_offset > 0) output.text += fmt::format("More with offset {}.", hits->next_offset);
  while (output.text.ends_with('\n')) output.text.pop_back();
  co_return output;
}

Task<Result<ToolOutput>> WikipediaTool::summary(Request request, CallContext& context) {
  const std::string title = request.query;
  auto reading = co_await read(std::move(request), title, context);
  if (!reading) co_return fail(reading.error());
  if (reading->page.disambiguation) co_return co_await choices(std::move(*reading), context);
  co_return summarized(*reading);
}

Task<Result<ToolOutput>> WikipediaTool::section(Request request, CallContext& context) {
  if (request.title.empty()) {
    const Reading* last = last_of(request.reader);
    if (!last) co_return fail(ErrorCode::invalid, "`title` is missing: name the page whose section you want");
    request.title = last->page.title;
  }
  const std::string wanted = request.query, title = request.title;
  auto reading = co_await read(std::move(request), title, context);
  if (!reading) co_return fail(reading.error());
  if (reading->page.disambiguation) co_return co_await choices(std::move(*reading), context);
  const auto text = reading->article->section(wanted);
  if (!text) {
    std::vector<std::string> titles;
    for (const Section& section : reading->article->sections())
      if (!section.title.empty()) titles.push_back(section.title);
    co_return fail(
        ErrorCode::not_found,
        titles.empty()
            ? fmt::format("`{}` has no sections; use operation `summary` or `lookup`", reading->page.title)
            : fmt::format("`{}` has no section `{}`{} Sections: {}", reading->page.title, wanted,
                          did_you_mean(wanted, titles).empty() ? "." : did_you_mean(wanted, titles),
                          fmt::join(titles, "; ")));
  }
  co_return ToolOutput{fmt::format("{}\n{}== {} ==\n{}", heading(reading->page), reached_by(reading->page),
                                   wanted, text->empty() ? "(no text of its own)" : *text),
                       source_of(reading->page)};
}

Task<Result<ToolOutput>> WikipediaTool::lookup(Request request, CallContext& context) {
  Reading* last = last_of(request.reader);
  const bool same_page = last && (request.title.empty() || lower(request.title) == lower(last->page.title) ||
                                  lower(request.title) == lower(last->page.asked));
  if (request.title.empty() && !last)
    co_return fail(ErrorCode::invalid, "no page was read yet: give the `title` of the page to look in");
  if (!same_page) {
    const std::string title = request.title;
    auto reading = co_await read(request, title, context);
    if (!reading) co_return fail(reading.error());
    if (reading->page.disambiguation) co_return co_await choices(std::move(*reading), context);
    last = last_of(request.reader);
  }
  Reading& reading = *last;
  const auto matches = reading.article->lookup(request.query);
  if (lower(reading.words) != lower(request.query)) {
    reading.words = request.query;
    reading.next = 0;
  }
  if (matches.empty())
    co_return fail(ErrorCode::not_found,
                   fmt::format("`{}` does not stand on the page {}. Try a shorter word, or another page.",
                               request.query, reading.page.title));
  if (reading.next >= matches.size()) {
    reading.next = 0;
    co_return ToolOutput{fmt::format("No more places on {} have `{}`; all {} were shown.", reading.page.title,
                                     request.query, matches.size()),
                         source_of(reading.page)};
  }
  const Article::Match& match = matches[reading.next++];
  co_return ToolOutput{
      fmt::format("{} (result {} of {}{})\n{}", reading.page.title, reading.next, matches.size(),
                  match.section.empty() ? "" : ", section " + match.section, match.text),
      source_of(reading.page)};
}

Task<Result<WikipediaTool::Reading>> WikipediaTool::read(Request request, std::string title,
                                                         CallContext& context) {
  if (const Reading* last = last_of(request.reader);
      last && last->language == request.language && (last->page.title == title || last->page.asked == title))
    co_return *last;
  auto page = co_await client_.page(request.language, title, context);
  if (!page) co_return fail(page.error());
  if (page->missing) {
    Error error = co_await missing(std::move(request), std::move(*page), context);
    co_return fail(std::move(error));
  }
  Reading reading;
  reading.reader = request.reader;
  reading.language = request.language;
  reading.article = std::make_shared<const Article>(beginning(page->text, kPageBytes));
  page->text.clear();  // the article has it
  reading.page = std::move(*page);
  remember(reading);
  co_return reading;
}

Task<Error> WikipediaTool::missing(Request request, mediawiki::Page page, CallContext& context) {
  if (!page.invalid.empty())
    co_return Error{ErrorCode::not_found,
                    fmt::format("`{}` can be no page here: {}", page.asked, page.invalid)};
  const std::string title = page.title;
  auto hits = co_await client_.search(request.language, title, kHitsOfFind, 0, context);
  std::string more = "Search for it with other words.";
  if (hits && !hits->hits.empty())
    more = fmt::format("Similar titles: {}", fmt::join(titles_of(*hits), "; "));
  if (hits && hits->hits.empty() && !hits->suggestion.empty())
    more = fmt::format("Did you mean `{}`?", hits->suggestion);
  co_return Error{ErrorCode::not_found,
                  fmt::format("Wikipedia ({}) has no page `{}`. {}", request.language, title, more)};
}

Task<Result<ToolOutput>> WikipediaTool::choices(Reading reading, CallContext& context) {
  std::vector<std::string> lines = choices_in(*reading.article, kChoicesMax);
  if (lines.empty()) {
    auto links =
        co_await client_.links(reading.language, reading.page.title, static_cast<int>(kChoicesMax), context);
    if (!links) co_return fail(links.error());
    lines = std::move(*links);
  }
  ToolOutput output;
  output.text = fmt::format("{}\n{}`{}` has several meanings. Ask again with the title of one of these:",
                            heading(reading.page), reached_by(reading.page), reading.page.title);
  for (const std::string& line : lines) output.text += "\n- " + line;
  output.sources = source_of(reading.page);
  co_return output;
}

ToolOutput WikipediaTool::summarized(const Reading& reading) const {
  const std::string text = reading.article->summary(sentences_);
  ToolOutput output;
  output.text = fmt::format("{}\n{}{}", heading(reading.page), reached_by(reading.page),
                            text.empty() ? "(this page has no text)" : text);
  // A redirect to a section means the section.
  if (const auto section =
          reading.page.fragment.empty() ? std::nullopt : reading.article->section(reading.page.fragment))
    output.text += fmt::format("\n\n== {} ==\n{}", reading.page.fragment, *section);
  const auto outline = reading.article->outline();
  if (!outline.empty()) output.text += fmt::format("\n\nSections: {}", fmt::join(outline, "; "));
  output.sources = source_of(reading.page);
  return output;
}

WikipediaTool::Reading* WikipediaTool::last_of(const std::string& reader) {
  const auto found =
      std::find_if(readings_.begin(), readings_.end(), [&](const Reading& r) { return r.reader == reader; });
  return found == readings_.end() ? nullptr : &*found;
}

void WikipediaTool::remember(Reading reading) {
  std::erase_if(readings_, [&](const Reading& r) { return r.reader == reading.reader; });
  readings_.push_front(std::move(reading));
  if (readings_.size() > kReadingsMax) readings_.pop_back();
}

}  // namespace troupe::tools
