#include "memory/knowledge/loaders/csv_file.h"
#include "memory/knowledge/loaders/csv_rows.h"
#include "tests/fakes/fixtures.h"
#include "tests/memory/loaders/loaded.h"

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::loaders;
using loaders::testing::loaded;

namespace {

std::string rows(std::string_view text, char delimiter = ',', std::size_t cells_max = 100) {
  CsvRows reader(text, delimiter, cells_max);
  std::vector<std::string> cells;
  std::string out;
  while (reader.next(cells)) {
    for (const auto& cell : cells) out += "[" + cell + "]";
    out += '\n';
  }
  return out;
}

}  // namespace

TEST_CASE("rows as RFC 4180 has them") {
  CHECK(rows("a,b\r\n1,2\r\n") == "[a][b]\n[1][2]\n");
  CHECK(rows("\"a,b\",\"c\"\"d\",\"e\nf\"\n") == "[a,b][c\"d][e\nf]\n");
  CHECK(rows("a,,\n\n,b") == "[a][][]\n[][b]\n");
  CHECK(rows("a\rb") == "[a]\n[b]\n");
  CHECK(rows("").empty());
  CHECK(rows("\"\"") == "[]\n");
}

TEST_CASE("what programs make of it is read, too") {
  CHECK(rows("\"a\" b, \"c\"") == "[a b][c]\n");
  CHECK(rows("a\"b,c") == "[a\"b][c]\n");
  CHECK(rows("a;b", ';') == "[a][b]\n");
  CHECK(rows("a,b,c", ',', 2) == "[a][b]\n");
}

TEST_CASE("a quote that is never closed takes nothing along") {
  CHECK(rows("a\n\"b\nc,\"d\n") == "[a]\n[b\nc,d]\n");  // closed by the next, as RFC 4180 says
  CHECK(rows("a\n\"b\nc,d\n") == "[a]\n[\"b]\n[c][d]\n");
  const auto document = loaded("a,b\n1,\"x\n2,y\n", Format::csv);
  CHECK(document.text == "a: 1\nb: \"x\n\na: 2\nb: y\n");
  REQUIRE(document.remarks.size() == 1);
  CHECK(document.remarks[0].find("opens at line 2") != std::string::npos);
}

TEST_CASE("the delimiter is found out") {
  CHECK(delimiter_of("a,b\n1,2\n") == ',');
  CHECK(delimiter_of("a;b\n1,5;2,5\n3,1;4,2\n") == ';');
  CHECK(delimiter_of("a\tb, c\n1\t2\n") == '\t');
  CHECK(delimiter_of("a|b|c\n1|2|3\n") == '|');
  CHECK(delimiter_of("one\ntwo\n") == ',');
  CHECK(delimiter_of("sep=#\na#b") == '#');
  CHECK(loaded("sep=#\r\na#b\r\n1#2", Format::csv).text == "a: 1\nb: 2\n");
}

TEST_CASE("a row becomes a record, a line a cell") {
  const auto document = loaded("name, city ,note\nKim,Seoul,\n,,\n이,부산,\"two\nlines\"\n", Format::csv);
  CHECK(document.text == "name: Kim\ncity: Seoul\n\nname: 이\ncity: 부산\nnote: two\n  lines\n");
  CHECK(document.records == std::vector<std::size_t>{0, 23});
  CHECK(document.remarks.empty());
  CHECK(document.format == "csv");
}

TEST_CASE("rows of other lengths are told") {
  const auto document = loaded("a,b\n1,2\n3\n4,5,6\n", Format::csv);
  CHECK(document.text == "a: 1\nb: 2\n\na: 3\n\na: 4\nb: 5\ncolumn 3: 6\n");
  REQUIRE(document.remarks.size() == 1);
  CHECK(
      document.remarks[0] ==
      "2 rows have another number of cells than the 2 of the first row; the first of them begins at line 3.");
}

TEST_CASE("a first row of numbers is data, one of years is not") {
  const auto data = loaded("1,x\n2,y\n", Format::csv);
  CHECK(data.text == "column 1: 1\ncolumn 2: x\n\ncolumn 1: 2\ncolumn 2: y\n");
  CHECK(data.remarks.size() == 1);
  CHECK(loaded("country,2020,2021,\nKorea,1,2,z\n", Format::csv).text ==
        "country: Korea\n2020: 1\n2021: 2\ncolumn 4: z\n");
}

TEST_CASE("limits of a table are told") {
  LoadOptions options;
  options.limits.records = 2;
  const auto document = loaded("a\nx\ny\nz\n", Format::csv, options);
  CHECK(document.text == "a: x\n\na: y\n");
  REQUIRE(document.remarks.size() == 1);
  options.limits = {.columns = 1};
  CHECK(loaded("a,b\nx,y\n", Format::csv, options).text == "a: x\n");
}

TEST_CASE("a table without rows, or of nothing, is an empty document") {
  CHECK(loaded("", Format::csv).text.empty());
  CHECK(loaded("a,b\n", Format::csv).text.empty());
  CHECK(loaded("\n\n", Format::csv).records.empty());
}

TEST_CASE("a real table") {
  const auto document = loaded(fakes::read_fixture("documents/example-utf8.csv"), Format::csv);
  CHECK(document.records.size() == 10);
  CHECK(document.text.find("Product Name: 1.7 Cubic Foot Compact \"Cube\" Office Refrigerators\n") !=
        std::string::npos);
  CHECK(document.remarks.empty());
}
