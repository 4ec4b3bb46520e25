// What the programs here share of a command line.

#pragma once

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

// An option, or a file that is not what it should be.
struct Misuse : std::runtime_error { using std::runtime_error::runtime_error; };

// An option's number; no text at all is none.
inline double option_value(const std::string& option, const char* text, double least, double most) {
    char* end = nullptr;
    const double value = text ? std::strtod(text, &end) : 0.0;
    if (!text || end == text || *end || !(value >= least && value <= most))
        throw Misuse(option + " needs a number from " + std::to_string(least) + " to " +
                     std::to_string(most));
    return value;
}

// Do what a program does, say in a line what went wrong, and return its exit code.
template <class Action>
int run(const std::string& program, Action action) {
    try {
        action();
        return 0;
    } catch (const Misuse& error) {
        std::cerr << program << ": " << error.what() << "\n";
        return 2;
    } catch (const std::exception& error) {
        const std::string message = error.what();
        std::cerr << program << ": " << message.substr(0, message.find('\n')) << "\n";
        return 1;
    }
}
