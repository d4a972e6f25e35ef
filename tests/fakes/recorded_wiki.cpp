#include "tests/fakes/recorded_wiki.h"

#include "tests/fakes/fixtures.h"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace troupe::fakes {

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string url_of(std::string title) {
  std::replace(title.begin(), title.end(), ' ', '_');
  return "https://en.wikipedia.org/wiki/" + title;
}

// MediaWiki's own first step: underscores are blanks, the first letter is a capital.
std::string normalized(std::string title) {
  std::replace(title.begin(), title.end(), '_', ' ');
  if (!title.empty()) title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
  return title;
}

// The parameters of a recorded request: in its URL, or apart.
std::map<std::string, std::string> parameters_of(const Json& request) {
  std::map<std::string, std::string> parameters;
  if (const Json* query = find(request, "query")) {
    for (const auto& [name, value] : query->items()) parameters[name] = value.get<std::string>();
    return parameters;
  }
  const std::string url = string_or(request, "url");
  std::istringstream rest(url.substr(std::min(url.find('?') + 1, url.size())));
  for (std::string pair; std::getline(rest, pair, '&');) {
    std::string value;
    for (std::size_t i = std::min(pair.find('=') + 1, pair.size()); i < pair.size(); ++i) {
      if (pair[i] == '%' && i + 2 < pair.size()) {
        value += static_cast<char>(std::stoi(pair.substr(i + 1, 2), nullptr, 16));
        i += 2;
      } else {
        value += pair[i] == '+' ? ' ' : pair[i];
      }
    }
    parameters[pair.substr(0, pair.find('='))] = value;
  }
  return parameters;
}

// A search as a tool makes it: articles by relevance, with what a hit is usually shown with.
bool is_plain_search(const std::map<std::string, std::string>& parameters) {
  static const std::map<std::string, std::string> kPlain = {{"srnamespace", "0"}, {"srsort", "relevance"}};
  if (!parameters.contains("srsearch")) return false;
  for (const auto& [name, value] : kPlain)
    if (parameters.contains(name) && parameters.at(name) != value) return false;
  for (const char* special : {"srprop", "srwhat", "srinfo", "srqiprofile", "srinterwiki"})
    if (parameters.contains(special)) return false;
  return true;
}

Json body_of(const Json& record) {
  const Json& response = record.at("response");
  if (const Json* raw = find(response, "body_raw")) return Json::parse(raw->get<std::string>());
  return response.at("body_json");
}

template <class Each>
void each_line(const std::string& fixture, Each each) {
  std::istringstream lines(read_fixture(fixture));
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) each(Json::parse(line));
}

std::vector<std::string> attribute_values(const std::string& html, const std::string& name) {
  std::vector<std::string> values;
  const std::string start = name + "=\"";
  for (auto at = html.find(start); at != std::string::npos; at = html.find(start, at)) {
    at += start.size();
    values.push_back(html.substr(at, html.find('"', at) - at));
  }
  return values;
}

std::string param(const PeerRequest& request, std::string_view name) {
  return std::string(request.param(name));
}

}  // namespace

RecordedWiki::RecordedWiki() {
  load_exchanges();
  add_page(body_of(Json::parse(read_fixture("wikipedia/html_extract.json.gz")))
               .at("query")
               .at("pages")
               .begin()
               .value());
  load_tool_results();
}

void RecordedWiki::load_exchanges() {
  each_line("wikipedia/mediawiki_exchanges.jsonl.gz", [this](const Json& record) {
    const Json answer = body_of(record);
    const auto parameters = parameters_of(record.at("request"));
    const Json* query = find(answer, "query");
    if (!query) return;
    if (is_plain_search(parameters)) add_search(parameters.at("srsearch"), answer);
    if (const Json* list = find(*query, "redirects"))
      for (const Json& step : *list) redirects_[string_or(step, "from")] = string_or(step, "to");
    const Json* pages = find(*query, "pages");
    // Only what was asked for by title: a generator's answer has other pages, and none whole.
    if (!pages || !parameters.contains("titles") || parameters.contains("generator")) return;
    for (const auto& [id, page] : pages->items())
      if (!page.contains("missing")) add_page(page);
  });
}

// What a search tool showed an agent: the summary of a page, or the titles that came near.
void RecordedWiki::load_tool_results() {
  each_line("wikipedia/tool_results.jsonl.gz", [this](const Json& record) {
    if (string_or(record, "backend") != "docstore" || string_or(record, "call") != "Search") return;
    const std::string input = string_or(record, "input");
    if (input.empty() || searches_.contains(lower(input))) return;
    Search search;
    if (string_or(record, "outcome") == "found") {
      const std::string title = normalized(input);
      if (!pages_.contains(title)) add_page(Json{{"title", title}, {"extract", string_or(record, "result")}});
      search.hits.push_back(Json{{"ns", 0}, {"title", title}});
    } else if (const Json* similar = find(record, "similar")) {
      for (const Json& title : *similar) search.hits.push_back(Json{{"ns", 0}, {"title", title}});
    }
    if (!search.hits.empty()) searches_[lower(input)] = std::move(search);
  });
}

void RecordedWiki::add_page(const Json& page) {
  const std::string title = string_or(page, "title");
  if (title.empty()) return;
  Page& entry = pages_[title];
  for (const auto& [name, value] : page.items()) {
    // The longest text there is: some recordings have the introduction only.
    const bool shorter = name == "extract" && string_or(entry.fields, "extract").size() >=
                                                  value.get_ref<const std::string&>().size();
    if (!shorter && name != "revisions" && name != "pageprops") entry.fields[name] = value;
  }
  entry.disambiguation = title.ends_with("(disambiguation)");
  if (const Json* revisions = find(page, "revisions"); revisions && entry.disambiguation)
    entry.links = attribute_values(string_or(revisions->front(), "*"), "title");
}

void RecordedWiki::add_search(const std::string& words, const Json& answer) {
  Search& entry = searches_[lower(words)];
  const Json& query = answer.at("query");
  if (const Json* hits = find(query, "search"); hits && hits->size() > entry.hits.size()) {
    entry.hits.assign(hits->begin(), hits->end());
  } else if (hits && hits->size() == entry.hits.size() && !hits->empty() &&
             hits->front().contains("snippet")) {
    entry.hits.assign(hits->begin(), hits->end());
  }
  if (const Json* info = find(query, "searchinfo")) {
    if (const std::string suggestion = string_or(*info, "suggestion"); !suggestion.empty())
      entry.suggestion = suggestion;
    if (const Json* total = find(*info, "totalhits")) entry.total = total->get<int>();
  }
}

std::vector<std::string> RecordedWiki::titles() const {
  std::vector<std::string> titles;
  for (const auto& [title, page] : pages_)
    if (!string_or(page.fields, "extract").empty()) titles.push_back(title);
  return titles;
}

std::vector<std::string> RecordedWiki::searches() const {
  std::vector<std::string> words;
  for (const auto& [key, search] : searches_)
    if (!search.hits.empty()) words.push_back(key);
  return words;
}

Json RecordedWiki::search_answer(const PeerRequest& request) const {
  Json answer = Json::object(), query = Json::object(), info = Json::object(), hits = Json::array();
  answer["batchcomplete"] = true;
  const auto found = searches_.find(lower(param(request, "srsearch")));
  if (found != searches_.end()) {
    const std::size_t limit = request.param("srlimit").empty() ? 10 : std::stoul(param(request, "srlimit"));
    const std::size_t offset = request.param("sroffset").empty() ? 0 : std::stoul(param(request, "sroffset"));
    for (std::size_t i = offset; i < found->second.hits.size() && hits.size() < limit; ++i)
      hits.push_back(found->second.hits[i]);
    if (offset + limit < found->second.hits.size())
      answer["continue"] = Json{{"sroffset", offset + limit}, {"continue", "-||"}};
    if (!found->second.suggestion.empty()) info["suggestion"] = found->second.suggestion;
    info["totalhits"] =
        found->second.total >= 0 ? found->second.total : static_cast<int>(found->second.hits.size());
  } else {
    info["totalhits"] = 0;
  }
  query["searchinfo"] = info;
  query["search"] = hits;
  answer["query"] = query;
  return answer;
}

std::string RecordedWiki::resolved(const std::string& asked, Json& query) const {
  std::string title = normalized(asked);
  if (title != asked) query["normalized"] = Json::array({Json{{"from", asked}, {"to", title}}});
  if (const auto redirect = redirects_.find(title); redirect != redirects_.end()) {
    query["redirects"] = Json::array({Json{{"from", title}, {"to", redirect->second}}});
    title = redirect->second;
  }
  return title;
}

Json RecordedWiki::page_answer(const PeerRequest& request) const {
  const bool modern = request.param("formatversion") == "2";
  const std::string wanted = "|" + param(request, "prop") + "|";
  const auto asks_for = [&](const char* prop) {
    return wanted.find("|" + std::string(prop) + "|") != std::string::npos;
  };
  Json query = Json::object(), page = Json::object();
  const std::string title = resolved(param(request, "titles"), query);
  const auto found = pages_.find(title);
  std::string id = "-1";
  page["ns"] = 0;
  page["title"] = title;
  if (found == pages_.end()) {
    page["missing"] = modern ? Json(true) : Json("");
    if (asks_for("info")) page["fullurl"] = url_of(title);
  } else {
    const Page& entry = found->second;
    if (const Json* number = find(entry.fields, "pageid")) id = dump(page["pageid"] = *number);
    if (asks_for("extracts")) page["extract"] = string_or(entry.fields, "extract");
    if (asks_for("info")) page["fullurl"] = string_or(entry.fields, "fullurl", url_of(title));
    if (asks_for("pageprops") && entry.disambiguation) page["pageprops"] = Json{{"disambiguation", ""}};
    if (asks_for("links"))
      for (const std::string& link : entry.links) page["links"].push_back(Json{{"ns", 0}, {"title", link}});
  }
  query["pages"] = modern ? Json::array({page}) : Json{{id, page}};
  return Json{{"batchcomplete", true}, {"query", query}};
}

PeerReply RecordedWiki::answer(const PeerRequest& request) const {
  if (request.header("user-agent").empty())
    return PeerReply(403, "Please set a user-agent and respect our robot policy https://w.wiki/4wJS");
  if (request.param("action") != "query" || request.param("format") != "json")
    return PeerReply::json(
        R"({"error":{"code":"badvalue","info":"Unrecognized value for parameter \"action\"."}})");
  return PeerReply::json(
             dump(request.param("list") == "search" ? search_answer(request) : page_answer(request)))
      .header("x-content-type-options", "nosniff");
}

}  // namespace troupe::fakes
