import "./site.scss";
import { start } from "../lib/start.js";
import "./holding.js";

start();
