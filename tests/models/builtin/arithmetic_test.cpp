#include "models/builtin/arithmetic.h"

#include "models/builtin/number_words.h"

#include <doctest/doctest.h>

using namespace troupe::models::builtin;

namespace {

struct Row {
  const char* question;
  const char* expression;  ///< nullptr: no arithmetic
};

void check(const Row& row, std::optional<std::string_view> previous = std::nullopt) {
  auto read = read_arithmetic(row.question, previous);
  CAPTURE(row.question);
  if (!row.expression) {
    CHECK_MESSAGE(!read.has_value(), "read as " << (read ? read->expression : ""));
    return;
  }
  REQUIRE(read.has_value());
  CHECK(read->expression == row.expression);
}

}  // namespace

TEST_CASE("arithmetic asked in English becomes an expression") {
  static constexpr Row kRows[] = {
      {"What is (17.5% of 2480) + 12^3?", "(17.5% of 2480) + 12^3"},
      {"What is 17.5% of 2480, plus 12^3?", "17.5% of 2480 + 12^3"},
      {"what's twelve times three", "12 * 3"},
      {"How much is a 15% tip on $42.50?", "15% of 42.50"},
      {"$42.50 plus a 15% tip", "42.50 + 15% of 42.50"},
      {"What is 42.50 with a 15% tip?", "42.50 + 15% of 42.50"},
      {"20% off 80", "80 - 20% of 80"},
      {"sqrt(16) + 2", "sqrt(16) + 2"},
      {"What is the square root of 144 plus 25?", "sqrt(144) + 25"},
      {"What's the square root of (144 + 25)?", "sqrt(144 + 25)"},
      {"What is the cube root of 27?", "cbrt(27)"},
      {"What is 2 to the power of 10?", "2^10"},
      {"2 raised to the 10th power", "2^10"},
      {"2 to the 10th", "2^10"},
      {"10 factorial", "10!"},
      {"What is the factorial of 10?", "10!"},
      {"half of 50", "50 / 2"},
      {"two thirds of 90", "(2 / 3) * 90"},
      {"What is a third of 90?", "90 / 3"},
      {"3/4 of 100", "3 / 4 * 100"},
      {"twice 7", "2 * 7"},
      {"the sum of 3, 4 and 5", "3 + 4 + 5"},
      {"What is the sum of all integers from 1 to 100?", "(1 + 100) * (100 - 1 + 1) / 2"},
      {"average of 3, 4, and 8", "(3 + 4 + 8) / 3"},
      {"difference between 10 and 4", "10 - 4"},
      {"product of 3 and 4, minus 2", "3 * 4 - 2"},
      {"subtract 3 from 10", "10 - 3"},
      {"Add 3 and 4, then multiply by 5.", "(3 + 4) * 5"},
      {"multiply 3 by 4 and then add 5", "3 * 4 + 5"},
      {"divide 100 by 7", "100 / 7"},
      {"remainder when 17 is divided by 5", "17 mod 5"},
      {"what percent of 80 is 20", "20 / 80 * 100"},
      {"20 is what percent of 80?", "20 / 80 * 100"},
      {"increase 200 by 10%", "200 + 10% of 200"},
      {"percentage change from 50 to 75", "(75 - 50) / 50 * 100"},
      {"0.1+0.2", "0.1 + 0.2"},
      {"2**10", "2^10"},
      {"12x3", "12 * 3"},
      {"5 × 3 ÷ 2 − 1", "5 * 3 / 2 - 1"},
      {"What is 5²?", "5^2"},
      {"sin of 30 degrees", "sin(30°)"},
      {"log base 2 of 8", "ln(8) / ln(2)"},
      {"one hundred and five plus two thousand", "105 + 2000"},
      {"1.5 million divided by 3", "1500000 / 3"},
      {"two dozen times 3", "2 * 12 * 3"},
      {"twenty-five minus minus five", "25 - -5"},
      {"2(3+4)", "2 * (3 + 4)"},
      {"2+2=?", "2 + 2"},
      {"(-2)^2", "(-2)^2"},
      {"2^3^2", "2^3^2"},
      {"1,234,567 + 1", "1234567 + 1"},
      {"5 less than 12", "12 - 5"},
      {"3 plus 4, times 2", "(3 + 4) * 2"},
      {"Hi! Can you please tell me what 3+4 is? Thanks!", "3 + 4"},
      {"3 + 4 😀", "3 + 4"},
      {"three point one four times two", "3.14 * 2"},
      {"If I multiply 3 by 4, what do I get?", "3 * 4"},
      {"gcd of 12 and 18", "gcd(12, 18)"},
      {"max(3, 5, 2)", "max(3, 5, 2)"},
      {"sum of the first 10 numbers", "10 * (10 + 1) / 2"},
  };
  for (const Row& row : kRows) check(row);
}

TEST_CASE("arithmetic asked in Korean becomes an expression") {
  static constexpr Row kRows[] = {
      {"2의 200제곱", "2^200"},
      {"2의 200제곱은 얼마야?", "2^200"},
      {"3 더하기 4", "3 + 4"},
      {"3에 4를 더하면?", "3 + 4"},
      {"100을 7로 나누면", "100 / 7"},
      {"7로 100을 나누면", "100 / 7"},
      {"100을 7로 나눈 나머지는?", "100 mod 7"},
      {"100을 7로 나눈 몫", "floor(100 / 7)"},
      {"10의 팩토리얼", "10!"},
      {"10에서 3을 빼면 얼마인가요", "10 - 3"},
      {"3과 4의 합", "3 + 4"},
      {"3과 4를 곱한 값", "3 * 4"},
      {"16의 제곱근", "sqrt(16)"},
      {"루트 16", "sqrt(16)"},
      {"5의 제곱", "5^2"},
      {"5의 세제곱은?", "5^3"},
      {"2의 10승", "2^10"},
      {"100의 15퍼센트는?", "15% of 100"},
      {"1부터 100까지의 합", "(1 + 100) * (100 - 1 + 1) / 2"},
      {"3, 4, 5의 평균", "(3 + 4 + 5) / 3"},
      {"삼 더하기 사", "3 + 4"},
      {"삼백이십오 곱하기 이", "325 * 2"},
      {"3만 5천 더하기 2천", "35000 + 2000"},
      {"3에 4를 더하고 5를 곱하면", "(3 + 4) * 5"},
      {"100의 4분의 3", "100 * (3 / 4)"},
      {"7의 두 배", "7 * 2"},
      {"50의 절반", "50 / 2"},
      {"12와 18의 최대공약수", "gcd(12, 18)"},
      {"(3 + 4) 곱하기 2는 얼마", "(3 + 4) * 2"},
      {"12 * 3 계산해줘", "12 * 3"},
      {"calculate 2의 10제곱", "2^10"},
  };
  for (const Row& row : kRows) check(row);
}

TEST_CASE("what is not wholly understood as arithmetic is no arithmetic") {
  static constexpr Row kRows[] = {
      {"", nullptr},
      {"42", nullptr},
      {"What is 42?", nullptr},
      {"Who is 3 + 4?", nullptr},
      {"((1+2)", nullptr},
      {"3 +", nullptr},
      {"100 200", nullptr},
      {"5 apples plus 3 apples", nullptr},
      {"What is the meaning of life?", nullptr},
      {"오늘 며칠이야?", nullptr},
      {"세종대왕은 누구야?", nullptr},
      {"1 + один", nullptr},
      {"What is 2^10, and who was Ada Lovelace?", nullptr},
  };
  for (const Row& row : kRows) check(row);
}

TEST_CASE("a follow-up takes the number answered before") {
  static constexpr Row kRows[] = {
      {"and times 2?", "7 * 2"},
      {"plus 3", "7 + 3"},
      {"minus 5?", "7 - 5"},
      {"divide that by 3", "7 / 3"},
      {"squared?", "7^2"},
      {"and half of that?", "7 / 2"},
      {"그 값에 2를 곱하면?", "7 * 2"},
      {"거기에 3을 더하면", "7 + 3"},
      {"두 배는?", "7 * 2"},
      {"제곱하면?", "7^2"},
      {"what is it times 3?", "7 * 3"},
  };
  for (const Row& row : kRows) check(row, "7");
  CHECK(read_arithmetic("times 2", std::nullopt)->needs_previous);
  CHECK(read_arithmetic("times 2", "-3")->expression == "-3 * 2");
  CHECK(read_arithmetic("squared", "-3")->expression == "(-3)^2");
}

TEST_CASE("the plain spelling uses operators and calls only") {
  CHECK(read_arithmetic("17.5% of 2480 + 12^3", {})->plain == "17.5 / 100 * 2480 + 12^3");
  CHECK(read_arithmetic("10!", {})->plain == "factorial(10)");
  CHECK(read_arithmetic("17 mod 5", {})->plain == "mod(17, 5)");
  CHECK(read_arithmetic("80 / 20%", {})->plain == "80 / (20 / 100)");
}

TEST_CASE("hostile sums are refused in linear time") {
  std::string deep(20'000, '(');
  CHECK_FALSE(read_arithmetic(deep + "1" + std::string(20'000, ')'), {}).has_value());
  std::string minus(20'000, '-');
  CHECK_FALSE(read_arithmetic(minus + "1", {}).has_value());
  std::string korean;
  for (int i = 0; i < 3000; ++i) korean += "천억조";
  CHECK_FALSE(read_arithmetic(korean + " 더하기 1", {}).has_value());
  std::string many = "1";
  for (int i = 0; i < 5000; ++i) many += "+1";
  CHECK_FALSE(read_arithmetic(many, {}).has_value());
}

TEST_CASE("Korean numerals are read") {
  CHECK(korean_number("이만삼천사백오십육") == 23456);
  CHECK(korean_number("스물다섯") == 25);
  CHECK(korean_number("십") == 10);
  CHECK_FALSE(korean_number("사람").has_value());
  CHECK_FALSE(korean_number("").has_value());
  CHECK(shift_decimal("1.5", 6) == "1500000");
  CHECK(shift_decimal("0.25", 1) == "2.5");
}
