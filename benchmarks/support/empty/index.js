// The least that a package can be: what Node.js takes to find and load one.
