#include "tools/builtin/wikipedia/mediawiki.h"

#include "tests/fakes/fixtures.h"
#include "tools/builtin/text/html_text.h"
#include "tools/builtin/text/sentences.h"
#include "tools/builtin/text/url_text.h"
#include "tools/builtin/wikipedia/article.h"

#include <sstream>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;

namespace {

Json body_of(const Json& record) {
  const Json& response = record.at("response");
  return response.contains("body_raw") ? Json::parse(response.at("body_raw").get<std::string>())
                                       : response.at("body_json");
}

std::vector<Json> exchanges() {
  std::vector<Json> records;
  std::istringstream lines(fakes::read_fixture("wikipedia/mediawiki_exchanges.jsonl.gz"));
  for (std::string line; std::getline(lines, line);) records.push_back(Json::parse(line));
  return records;
}

Json exchange(std::string_view id) {
  for (const Json& record : exchanges())
    if (string_or(record, "id").find(id) != std::string::npos) return body_of(record);
  throw std::runtime_error("no such exchange: " + std::string(id));
}

}  // namespace

TEST_CASE("every recorded MediaWiki answer decodes or is refused, none throws") {
  const auto records = exchanges();
  REQUIRE(records.size() == 95);
  int searches = 0, pages = 0;
  for (const Json& record : records) {
    CAPTURE(string_or(record, "id"));
    const Json body = body_of(record);
    CHECK_FALSE(mediawiki::error_in(body));
    if (auto hits = mediawiki::decode_search(body)) ++searches;
    if (auto page = mediawiki::decode_page(body, "X"); page && !page->title.empty()) ++pages;
    (void)mediawiki::decode_links(body);
  }
  CHECK(searches == 22);
  CHECK(pages > 60);
}

TEST_CASE("a recorded search: titles, clean snippets, how to go on") {
  const auto hits = mediawiki::decode_search(exchange("TestVcrPageMeta.test_search_meta"));
  REQUIRE(hits);
  REQUIRE(hits->hits.size() == 3);
  CHECK(hits->hits[0].title == "Python (programming language)");
  CHECK(hits->hits[0].snippet ==
        "Python is a high-level, general-purpose programming language. Its design philosophy emphasizes code "
        "readability with the use of "
        "significant indentation");
  CHECK(hits->total == 6045);
  CHECK(hits->next_offset == 3);
}

TEST_CASE("answers of a MediaWiki of 2014 decode, too") {
  const auto hits = mediawiki::decode_search(exchange("request_mock_data:11"));
  REQUIRE(hits);
  CHECK(hits->suggestion == "butterfly");
  CHECK(hits->next_offset == 1);  // "query-continue"
}

TEST_CASE("a recorded page with all its sections") {
  const auto page =
      mediawiki::decode_page(exchange("test_sections_by_title"), "Python_(programming_language)");
  REQUIRE(page);
  CHECK(page->title == "Python (programming language)");
  CHECK_FALSE(page->redirected);
  const Article article(page->text);
  CHECK(article.summary(2) ==
        "Python is a high-level, general-purpose programming language. Its design philosophy emphasizes code "
        "readability with the use of "
        "significant indentation.");
  const auto outline = article.outline();
  CHECK(outline.front() == "History");
  CHECK(std::find(outline.begin(), outline.end(), "References") == outline.end());
  REQUIRE(article.section("history"));
  CHECK((*article.section("history")).contains("Guido van Rossum"));
  CHECK_FALSE(article.section("Nothing like it"));
  const auto matches = article.lookup("benevolent dictator");
  REQUIRE_FALSE(matches.empty());
  CHECK(matches[0].section == "History");
}

TEST_CASE("redirects, normalised and missing titles as recorded") {
  const auto redirected = mediawiki::decode_page(exchange("request_mock_data:4"), "Menlo Park, New Jersey");
  REQUIRE(redirected);
  CHECK(redirected->redirected);
  CHECK(redirected->title == "Edison, New Jersey");
  CHECK(redirected->url == "http://en.wikipedia.org/wiki/Edison,_New_Jersey");

  const auto twice = mediawiki::decode_page(exchange("request_mock_data:6"), "communist Party");
  REQUIRE(twice);
  CHECK(twice->title == "Communist party");
  CHECK(twice->redirected);

  const auto missing =
      mediawiki::decode_page(exchange("test_exists_false"), "NonExistentPage_WikiAPI_Test_12345");
  REQUIRE(missing);
  CHECK(missing->missing);
  CHECK(missing->title == "NonExistentPage WikiAPI Test 12345");
}

TEST_CASE("the shapes of formatversion 2") {
  const auto page = mediawiki::decode_page(
      Json::parse(
          R"({"batchcomplete":true,"query":{"redirects":[{"from":"A","to":"B","tofragment":"History"}],
      "pages":[{"pageid":1,"title":"B","extract":"Text.","fullurl":"https://x/wiki/B","pageprops":{"disambiguation":""}}]}})"),
      "A");
  REQUIRE(page);
  CHECK(page->text == "Text.");
  CHECK(page->redirected);
  CHECK(page->fragment == "History");
  CHECK(page->disambiguation);
  CHECK(mediawiki::decode_page(Json::parse(R"({"query":{"pages":[{"title":"Q","missing":true}]}})"), "Q")
            ->missing);
  CHECK_FALSE(mediawiki::decode_page(
                  Json::parse(R"({"query":{"pages":[{"title":"Q","missing":false,"extract":"e"}]}})"), "Q")
                  ->missing);
  const auto invalid = mediawiki::decode_page(
      Json::parse(R"({"query":{"pages":[{"title":"[[","invalid":true,"invalidreason":"bad"}]}})"), "[[");
  CHECK(invalid->missing);
  CHECK(invalid->invalid == "bad");
  CHECK(mediawiki::decode_page(Json::parse(R"({"query":{"interwiki":[{"title":"de:Berlin","iw":"de"}]}})"),
                               "de:Berlin")
            ->missing);
  CHECK_FALSE(mediawiki::decode_page(Json::parse("[]"), "x"));
  CHECK_FALSE(mediawiki::decode_search(Json::parse(R"({"query":{"search":5}})")));
}

TEST_CASE("API errors in both shapes") {
  const auto old = mediawiki::error_in(Json::parse(
      R"({"error":{"code":"maxlag","info":"Waiting for 10.64.16.7: 6 seconds lagged","lag":6}})"));
  REQUIRE(old);
  CHECK(old->passing());
  CHECK(old->text.contains("6 seconds lagged"));
  const auto modern = mediawiki::error_in(
      Json::parse(R"({"errors":[{"code":"badvalue","html":"Unrecognized <b>value</b>"}]})"));
  REQUIRE(modern);
  CHECK_FALSE(modern->passing());
  CHECK(modern->text == "Unrecognized value");
}

TEST_CASE("continuation adds its parameters and replaces earlier ones") {
  mediawiki::Parameters parameters{{"action", "query"}, {"sroffset", "3"}};
  REQUIRE(
      mediawiki::continue_with(Json::parse(R"({"continue":{"sroffset":6,"continue":"-||"}})"), parameters));
  CHECK(parameters == mediawiki::Parameters{{"action", "query"}, {"sroffset", "6"}, {"continue", "-||"}});
  CHECK_FALSE(mediawiki::continue_with(Json::parse(R"({"batchcomplete":true})"), parameters));
}

TEST_CASE("an extract that comes as HTML is read as text") {
  const Json record = Json::parse(fakes::read_fixture("wikipedia/html_extract.json.gz"));
  const auto page = mediawiki::decode_page(body_of(record), "North America");
  REQUIRE(page);
  CHECK(page->text.starts_with("North America is a continent in the Northern and Western hemispheres."));
  CHECK(page->text.find('<') == std::string::npos);
  const Article article(page->text);
  CHECK(article.sections().size() > 5);
  CHECK(article.section("Geology").has_value() == true);
}

TEST_CASE("lookup finds each place in turn, without regard to case") {
  const Article article(
      "Intro about cats. Cats sleep.\nMore of it.\n\n== Food ==\nA CAT eats fish. It drinks milk.\n=== Fish "
      "===\nNo felines here.\n");
  const auto matches = article.lookup("cat");
  REQUIRE(matches.size() == 3);
  CHECK(matches[0].text == "Intro about cats. Cats sleep.");
  CHECK(matches[2].section == "Food");
  CHECK(matches[2].text == "A CAT eats fish. It drinks milk.");
  CHECK(article.lookup("dog").empty());
  CHECK(article.lookup("  ").empty());
  CHECK(*article.section("FOOD") == "A CAT eats fish. It drinks milk.\n\n=== Fish ===\nNo felines here.");
}

TEST_CASE("disambiguation pages give their choices") {
  const Article article(
      "Mercury may refer to:\n\n== Science ==\nMercury (planet), the closest planet to the Sun\nMercury "
      "(element), a metal\n\n"
      "== See also ==\nMercurial\n");
  CHECK(choices_in(article, 10) == std::vector<std::string>{"Mercury (planet), the closest planet to the Sun",
                                                            "Mercury (element), a metal"});
}

TEST_CASE("sentences end where people end them") {
  const auto split = [](std::string_view text) {
    std::vector<std::string> out;
    for (std::string_view s : split_sentences(text)) out.emplace_back(s);
    return out;
  };
  CHECK(split("One. Two! Three?").size() == 3);
  CHECK(split("Dr. Kim met J. K. Rowling in the U.S. Army. Then he left.").size() == 2);
  CHECK(split("It costs 3.5 million. Yes.").size() == 2);
  CHECK(split("서울은 수도이다. 인구는 많다.").size() == 2);
  CHECK(split("東京は首都です。人口は多い。").size() == 2);
  CHECK(split("He said \"Stop.\" Then he went.").size() == 2);
  CHECK(split("Line one\nLine two").size() == 2);
  CHECK(split("").empty());
  CHECK(split("Yahoo! was founded in 1994. It grew.").size() == 2);
}

TEST_CASE("HTML becomes text in one pass") {
  CHECK(html_to_text("<p>A &amp; B<br>C</p><script>x<y</script> D") == "A & B\nC\nD");
  CHECK(html_to_text("<h2>Title</h2>text") == "== Title ==\ntext");
  CHECK(html_to_text("1 < 2 and a<b") == "1 < 2 and a");  // "<b" reads as a tag, as in a browser
  CHECK(html_to_text("<a title=\"x>y\">link</a>") == "link");
  CHECK(html_to_text("<!-- no --><span>yes</span>") == "yes");
  CHECK(decode_entities("&#039;&#x41;&nbsp;&unknown;&#0;&") == "'A &unknown;&#0;&");
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "<div>";
  CHECK(html_to_text(deep + "x") == "x");
}

TEST_CASE("queries are percent-encoded") {
  CHECK(query_string({{"titles", "C++ & Ω"}, {"a", ""}}) == "titles=C%2B%2B%20%26%20%CE%A9&a=");
}
