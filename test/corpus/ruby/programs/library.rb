require "json"
def load(text) = JSON.parse(text)
load("{")
