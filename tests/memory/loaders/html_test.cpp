#include "memory/knowledge/loaders/html.h"

#include "memory/knowledge/loaders/html/entities.h"
#include "memory/knowledge/loaders/html/tokens.h"
#include "tests/fakes/fixtures.h"
#include "tests/memory/loaders/loaded.h"

#include <cctype>
#include <map>

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::loaders;
using fakes::read_fixture;
using loaders::testing::loaded;

namespace {

std::string text_of(const std::string& page, const LoadOptions& options = {}) {
  return loaded(page, Format::html, options).text;
}

/// How often each word is in a text.
using Words = std::map<std::string, int>;

Words words_of(std::string_view text) {
  Words words;
  std::string word;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || byte >= 0x80) {
      word += static_cast<char>(std::tolower(byte));
    } else if (!word.empty()) {
      ++words[word];
      word.clear();
    }
  }
  if (!word.empty()) ++words[word];
  return words;
}

/// All text of a page, without any decision.
std::string bare_text(std::string_view page) {
  html::Tokens tokens(page);
  html::Token token;
  std::string text;
  while (tokens.next(token)) {
    if (token.kind == html::Token::Kind::text)
      html::append_unescaped(text, token.text);
    else if (token.name != "a" && token.name != "b" && token.name != "i" && token.name != "wbr" &&
             token.name != "span")
      text += ' ';
  }
  return text;
}

struct Score {
  double precision = 0, recall = 0;
  double f1() const { return 2 * precision * recall / (precision + recall); }
};

/// Against an article that another program took out of the page.
Score score_of(const std::string& name) {
  LoadOptions options;
  options.links = false;
  const Words ours = words_of(text_of(read_fixture("documents/" + name + ".source.html.gz"), options));
  const Words theirs = words_of(bare_text(read_fixture("documents/" + name + ".expected.html.gz")));
  int both = 0, our_count = 0, their_count = 0;
  for (const auto& [word, count] : ours) {
    our_count += count;
    if (const auto it = theirs.find(word); it != theirs.end()) both += std::min(count, it->second);
  }
  for (const auto& [word, count] : theirs) their_count += count;
  REQUIRE(both > 0);
  return {static_cast<double>(both) / our_count, static_cast<double>(both) / their_count};
}

const std::string kProse =
    "A sentence that is long enough to be taken for the text of a page, because it has many words and no "
    "links "
    "in it, goes on for a while, and then it ends somewhere, as sentences do.";

}  // namespace

TEST_CASE("paragraphs, headings, lists and line breaks") {
  const auto document = loaded(
      "<h1>Top</h1><p>One\n  two<br>three<p>Four<h2>Sub <b>bold</b></h2><ul><li>a<li><p>b</p><ol "
      "start=3><li>c"
      "</li><li>d</ol></ul><dl><dt>T<dd>D</dl>",
      Format::html);
  CHECK(document.text == "Top\n\nOne two\nthree\n\nFour\n\nSub bold\n\n- a\n- b\n  3. c\n  4. d\n\nT\nD\n");
  REQUIRE(document.headings.size() == 2);
  CHECK(document.headings[1].level == 2);
  CHECK(document.headings[1].text == "Sub bold");
  CHECK(document.text.substr(document.headings[1].begin).starts_with("Sub bold\n"));
  CHECK(document.title == "Top");
  CHECK(document.format == "html");
}

TEST_CASE("inline elements neither join nor divide words") {
  CHECK(text_of("<p>a<b>b</b><i> c </i>d <span>e</span>&nbsp;f <wbr>g&shy;h</p>") == "ab c d e f gh\n");
}

TEST_CASE("preformatted text stays as it is") {
  CHECK(text_of("<p>x</p><pre>\n  if (a)\n\n    <b>b</b>();\n</pre><p>y") ==
        "x\n\n  if (a)\n\n    b();\n\ny\n");
}

TEST_CASE("a table is its rows, with bars between the cells") {
  CHECK(
      text_of("<table><caption>C</caption><tr><th>a<th>b<tr><td>1<td><td>3</td></tr><tr><td><p>x</p><p>y.</p>"
              "<p>z</p><td>w<td></table>") == "C\n\na | b\n1 |  | 3\nx; y. z | w\n");
}

TEST_CASE("a table that lays out a page is its paragraphs") {
  CHECK(text_of("<table><tr><td><h1>H</h1><p>one</p><p>two</p></td></tr></table>") == "H\n\none\n\ntwo\n");
  const std::string text =
      text_of("<table><tr><td>side<td><p>" + kProse + kProse + kProse + kProse + "</p><p>end</p>");
  CHECK(text == "side\n\n" + kProse + kProse + kProse + kProse + "\n\nend\n");
  CHECK(text_of("<table><tr><td>a<table><tr><td>b<td>c</table><td>d<td>e</table>") == "a\n\nb | c\nd | e\n");
}

TEST_CASE("links say where they lead when that is another site, unless nobody wants to know") {
  const std::string page =
      "<p>See <a href='https://e.org/?a=1&amp;b=2'>this <b>page</b></a>, <a href=/local>that</a>, "
      "<a href='https://e.org/x'>https://e.org/x</a> and <a href='javascript:x'>more</a>.";
  CHECK(text_of(page) == "See this page (https://e.org/?a=1&b=2), that, https://e.org/x and more.\n");
  CHECK(text_of(page, {.links = false}) == "See this page, that, https://e.org/x and more.\n");
  CHECK(text_of("<a href='https://e.org/" + std::string(600, 'x') + "'>t</a>") == "t\n");
}

TEST_CASE("pictures are their alternative text") {
  CHECK(text_of("<p>a<img alt=' A  cat &amp; dog '>b<img src=x><img alt=''></p>") == "a [A cat & dog] b\n");
}

TEST_CASE("what is not shown, or no text, is left out") {
  CHECK(text_of("<script>a</script><style>b</style><p hidden>c</p><p aria-hidden=true>d</p>"
                "<p style='color:red; Display : none'>e</p><template>f</template><noscript>g</noscript>"
                "<select><option>h</select><button>i</button><svg><title>j</title><text>k</text></svg>"
                "<textarea>l</textarea><span hidden>m<b>n</span>o</b>") == "o\n");
}

TEST_CASE("what frames a page is left out") {
  CHECK(text_of("<header>a</header><nav>b</nav><div class='cookie-banner'>c</div><div id=siteFooter>d</div>"
                "<div role=navigation>e</div><aside>f</aside><p>" +
                kProse + kProse + "</p><footer>g</footer>") == kProse + kProse + "\n");
}

TEST_CASE("main counts before everything else, when there is text in it; then a large article") {
  const std::string outside = "<p>" + kProse + " outside</p>";
  CHECK(text_of(outside + "<main class=sidebar><h1>T</h1><p>" + kProse + kProse + "</main>") ==
        "T\n\n" + kProse + kProse + "\n");
  CHECK(text_of(outside + "<div role=main><p>" + kProse + kProse + "</div>") == kProse + kProse + "\n");
  CHECK(text_of(outside + "<article><header><h1>T</h1></header><p>" + kProse + kProse + "</article>") ==
        "T\n\n" + kProse + kProse + "\n");
  CHECK(text_of("<main>short</main>" + outside + outside).find("outside") != std::string::npos);
}

TEST_CASE("lists of links are left out, lists of text with links stay") {
  std::string links = "<ul>", texts = "<ul>";
  for (int i = 0; i < 5; ++i) {
    links += "<li><a href=/x>Other page</a>";
    texts += "<li>A point that is made in words, with <a href=/x>a link</a> in it.";
  }
  const std::string page = "<main><p>" + kProse + kProse + "</p>" + links + "</ul>" + texts + "</ul></main>";
  CHECK(text_of(page).find("Other page") == std::string::npos);
  CHECK(text_of(page).find("A point") != std::string::npos);
  const std::string bare = "<p>" + kProse + kProse + "</p>" + links + "</ul>" + texts + "</ul>";
  CHECK(text_of(bare).find("Other page") == std::string::npos);
  CHECK(text_of(bare).find("A point") != std::string::npos);
}

TEST_CASE("when names would leave nothing, they count no more") {
  CHECK(text_of("<form class=menu><p>" + kProse + "</p></form>") == kProse + "\n");
  CHECK(text_of("<p>Only this.</p>") == "Only this.\n");
}

TEST_CASE("a page says of itself what metadata keeps") {
  const auto document = loaded(
      "<html lang=ko><head><title>Long &amp; title</title><meta property=og:title content='Title "
      "&quot;x&quot;'>"
      "<meta name=Description content=' D '><meta name=author content=A><meta name=author content=B>"
      "<meta property=article:published_time content=2024-01-02><link rel=canonical href=https://e.org/p>"
      "<meta property=og:site_name content=S></head><body><svg><title>No</title></svg>x",
      Format::html);
  CHECK(document.title == "Title \"x\"");
  CHECK(
      document.metadata.dump() ==
      R"({"language":"ko","description":"D","author":"A","date":"2024-01-02","url":"https://e.org/p","site":"S"})");
}

TEST_CASE("a page's own charset is obeyed") {
  CHECK(charset_of_page("<!-- x --><meta http-equiv=content-type content='text/html; charset=EUC-KR'>") ==
        "euc-kr");
  CHECK(charset_of_page("<meta charset=\" Shift_JIS \">") == "Shift_JIS");
  CHECK(charset_of_page("<p>none").empty());
  CHECK(charset_of_page(std::string(2'000, ' ') + "<meta charset=x>").empty());
  CHECK(text_of("<meta charset=euc-kr><p>\xBE\xC8\xB3\xE7") == "안녕\n");
  CHECK(text_of("<meta charset=utf-8><p>\xBE\xC8\xB3\xE7", {.charset = "euc-kr"}) == "안녕\n");
}

TEST_CASE("end tags that match nothing, or across cells, close nothing") {
  CHECK(text_of("<p>a</b></div>b</p></p>c") == "ab\n\nc\n");
  CHECK(text_of("<div><table><tr><td>a</div>b</td><td>c</table>d</div>") == "ab | c\n\nd\n");
  CHECK(text_of("<b><p>a</b>b</p>c") == "ab\n\nc\n");
  CHECK(text_of("<h1>a</h2>b") == "a\n\nb\n");
}

TEST_CASE("pages deeper, and with more blocks, than the limits are read as far as it goes") {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<div>" + std::to_string(i) + " ";
  for (int i = 0; i < 100; ++i) deep += "</div>";
  const auto document = loaded(deep + "<p>end", Format::html, {.limits = {.html_depth = 10}});
  CHECK(document.text.starts_with("0\n\n1\n"));
  CHECK(document.text.ends_with("99\n\nend\n"));
  const auto cut = loaded("<p>a<p>b<p>c", Format::html, {.limits = {.html_blocks = 2}});
  CHECK(cut.text == "a\n\nb\n");
  REQUIRE(cut.remarks.size() == 1);
}

TEST_CASE("a page that breaks off is told") {
  const auto document = loaded("<p>text</p><p class=\"x>lost", Format::html);
  CHECK(document.text == "text\n");
  REQUIRE(document.remarks.size() == 1);
}

TEST_CASE("articles come out of real pages much as another program takes them") {
  double sum = 0;
  for (const char* name : {"mozilla-1", "wikipedia", "wikipedia-4"}) {
    const Score score = score_of(name);
    MESSAGE(std::string(name) << ": precision " << score.precision << ", recall " << score.recall << ", F1 "
                              << score.f1());
    CHECK(score.f1() > 0.88);
    sum += score.f1();
  }
  CHECK(sum / 3 > 0.94);
}

TEST_CASE("a real page has title, language and headings") {
  const auto document = loaded(read_fixture("documents/wikipedia.source.html.gz"), Format::html);
  CHECK(document.title == "Mozilla - Wikipedia");
  CHECK(document.metadata["language"] == "en");
  CHECK(document.metadata["url"] == "https://en.wikipedia.org/wiki/Mozilla");
  CHECK(document.headings.size() > 30);
  CHECK(document.text.find("Founded | February 28, 1998\n") != std::string::npos);
}
