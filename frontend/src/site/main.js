import "./site.scss";
import { start } from "../lib/start.js";

start();
