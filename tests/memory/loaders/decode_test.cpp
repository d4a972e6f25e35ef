#include "memory/knowledge/loaders/decode.h"

#include "tests/fakes/fixtures.h"
#include "tests/memory/loaders/loaded.h"

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::loaders;
using namespace std::string_view_literals;
using fakes::read_fixture;
using loaders::testing::loaded;

namespace {

struct Case {
  std::string_view bytes, declared, text, charset;
};

constexpr std::string_view kGreeting = "안녕하세요, 세계";
constexpr std::string_view kGreetingCp949 = "\xBE\xC8\xB3\xE7\xC7\xCF\xBC\xBC\xBF\xE4, \xBC\xBC\xB0\xE8"sv;

}  // namespace

TEST_CASE("a Korean text is the same in UTF-8, CP949 and EUC-KR, declared or not") {
  const auto utf8 = loaded(read_fixture("documents/appendix-keywords-utf8.txt"), Format::text);
  REQUIRE(utf8.text.size() > 12'000);
  CHECK(utf8.remarks.empty());
  for (const char* name : {"CP949", "EUCKR"}) {
    CAPTURE(name);
    const std::string bytes = read_fixture(std::string("documents/appendix-keywords-") + name + ".txt");
    const auto guessed = loaded(bytes, Format::text);
    CHECK(guessed.text == utf8.text);
    CHECK(guessed.metadata["charset"] == "euc-kr");
    REQUIRE(guessed.remarks.size() == 1);
    CHECK(guessed.remarks[0].find("read as euc-kr") != std::string::npos);
    for (const char* label : {"cp949", "EUC-KR", "ks_c_5601-1987", "windows-949"})
      CHECK(loaded(bytes, Format::text, {.charset = label}).text == utf8.text);
  }
}

TEST_CASE("a Japanese table in Shift-JIS is read without being told") {
  const auto table = loaded(read_fixture("documents/example-non-utf8.csv"), Format::csv);
  CHECK(table.metadata["charset"] == "shift_jis");
  CHECK(table.text.find("顧客名: モハメド・マッキンタイア") != std::string::npos);
  CHECK(table.records.size() == 10);
}

TEST_CASE("labels mean what browsers take them for") {
  const Case cases[] = {
      {kGreetingCp949, "euc-kr", kGreeting, "euc-kr"},
      {"\x8C\x63\x81\x41"sv, "EUC-KR", "똠갂"sv, "euc-kr"},  // not in KS X 1001: only in CP949
      {"\x93\xFA\x96\x7B"sv, "Shift_JIS", "日本", "shift_jis"},
      {"\xC6\xFC\xCB\xDC"sv, "euc-jp", "日本", "euc-jp"},
      {"\xD6\xD0\xB9\xFA"sv, "GB2312", "中国", "gb18030"},
      {"\xA4\xA4\xB0\xEA"sv, "big5", "中國", "big5"},
      {"na\xEFve \x93x\x94"sv, "ISO-8859-1", "naïve “x”", "windows-1252"},
      {"\xCF\xF0\xE8"sv, "cp1251", "При", "windows-1251"},
      {"\xF0\xD2\xC9"sv, "KOI8-R", "При", "koi8-r"},
      {"caf\xC3\xA9"sv, "utf8", "café", "utf-8"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.declared);
    const Decoded decoded = decode(c.bytes, c.declared);
    CHECK(decoded.text == c.text);
    CHECK(decoded.charset == c.charset);
    CHECK(decoded.replaced == 0);
    CHECK_FALSE(decoded.guessed);
  }
}

TEST_CASE("a byte order mark says more than a declaration") {
  CHECK(decode("\xEF\xBB\xBFhi", "utf-16le").text == "hi");
  CHECK(decode("\xFF\xFEh\0i\0"sv, "utf-8").text == "hi");
  CHECK(decode("\xFE\xFF\0h\0i"sv, "").text == "hi");
  CHECK(decode("\xFF\xFE\0\0h\0\0\0"sv, "").text == "h");
  CHECK(decode("\0\0\xFE\xFF\0\0\0h"sv, "").text == "h");
}

TEST_CASE("UTF-16 without a mark shows by its zeros") {
  const Decoded little = decode("h\0e\0l\0l\0o\0"sv, "");
  CHECK(little.text == "hello");
  CHECK(little.charset == "utf-16le");
  CHECK(decode("\0h\0e\0l\0l\0o"sv, "").charset == "utf-16be");
  CHECK(decode("hello\0world"sv, "").charset == "utf-8");
}

TEST_CASE("what is clearly UTF-8 is read as that, whatever was declared") {
  CHECK(decode("한국어 문서입니다, 깁니다", "windows-1252").charset == "utf-8");
  // Two characters may be an accident.
  CHECK(decode("\xC3\xA9", "windows-1252").text == "Ã©");
  CHECK(decode("page", "utf-16").text == "page");  // a page that says UTF-16 in ASCII
}

TEST_CASE("bytes that are no characters are replaced and counted, run by run") {
  const Decoded decoded = decode("안녕하세요\xFF\xFE\xFD 세계\xC3(", "");
  CHECK(decoded.text == "안녕하세요\uFFFD 세계\uFFFD(");
  CHECK(decoded.charset == "utf-8");
  CHECK(decoded.replaced == 2);
  CHECK(decode("a\xB0", "euc-kr").text == "a\uFFFD");

  const auto document = loaded("안녕하세요\xFF", Format::text);
  REQUIRE(document.remarks.size() == 1);
  CHECK(document.remarks[0].find("At 1 places") != std::string::npos);
}

TEST_CASE("overlong forms, surrogates and what lies past Unicode are no characters") {
  for (const std::string_view bytes : {"\xC0\xAF"sv, "\xE0\x80\xAF"sv, "\xED\xA0\x80"sv, "\xF4\x90\x80\x80"sv,
                                       "\xF0\x80\x80\xAF"sv, "\xF8\x88\x80\x80\x80"sv})
    CHECK(loaded("가나다라마바사아" + std::string(bytes), Format::text).text == "가나다라마바사아\uFFFD\n");
}

TEST_CASE("an unknown label is no declaration, and the empty file is a text") {
  CHECK(decode("plain", "x-no-such-thing").text == "plain");
  CHECK(decode("", "").text.empty());
  CHECK(decode("", "euc-kr").text.empty());
  CHECK(decode("\xFF\xFE", "").text.empty());
}

TEST_CASE("a long text in another charset is converted whole") {
  std::string bytes, text;
  for (int i = 0; i < 20'000; ++i) bytes += kGreetingCp949, text += kGreeting;
  CHECK(decode(bytes, "cp949").text == text);
}
